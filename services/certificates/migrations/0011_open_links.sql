-- A link opens doors only for who holds the role of a parent now. Who is not heard of yet holds none.
CREATE VIEW open_links AS
SELECT l.parent_id, l.child_id
FROM child_links AS l JOIN people AS u ON u.user_id = l.parent_id
WHERE l.linked AND 'parent' = ANY(u.roles) AND NOT u.erased;
