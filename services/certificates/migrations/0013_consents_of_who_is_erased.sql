-- A consent ends with the erasure of who gave it, too, and what is to become of the child's data waits
-- for a decision, as after a withdrawal. Those that stood on after one end now.
CREATE INDEX consents_given_by ON consents (given_by) WHERE state = 'given';
CREATE INDEX consents_not_over ON consents (child_id) WHERE state IN ('given', 'withdrawn');
UPDATE consents AS c SET state = 'withdrawn', withdrawn_at = now()
FROM people AS p WHERE p.user_id = c.given_by AND p.erased AND c.state = 'given';
