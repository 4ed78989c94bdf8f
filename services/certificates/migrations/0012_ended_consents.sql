-- A consent for a child ends with the child's erasure; those that stood on after one end now.
UPDATE consents AS c SET state = 'erased', withdrawn_at = now()
FROM people AS p WHERE p.user_id = c.child_id AND p.erased AND c.state = 'given';
