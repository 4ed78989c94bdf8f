-- A link opens doors only for who holds the role of a parent. Null until identity tells of a person
-- again: they are treated as before. Who is not heard of yet opens nothing: a link may come before.
ALTER TABLE people ADD COLUMN parent boolean;
CREATE VIEW open_links AS
SELECT l.parent_id, l.child_id
FROM child_links AS l JOIN people AS u ON u.user_id = l.parent_id
WHERE l.linked AND NOT u.erased AND u.parent IS NOT FALSE;
