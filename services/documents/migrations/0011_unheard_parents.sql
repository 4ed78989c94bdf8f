-- A link may be heard before its parent: who is not heard of yet opens nothing.
CREATE OR REPLACE VIEW open_links AS
SELECT l.parent_id, l.child_id
FROM child_links AS l JOIN people AS u ON u.user_id = l.parent_id
WHERE l.linked AND NOT u.erased AND u.parent IS NOT FALSE;
