-- What became of a consent: a withdrawn one waits until its data are erased, or kept on a ground.
ALTER TABLE consents ADD COLUMN state text NOT NULL DEFAULT 'given'
    CHECK (state IN ('given', 'replaced', 'withdrawn', 'erased', 'kept'));
UPDATE consents AS c SET state = CASE
    WHEN EXISTS (
        SELECT FROM consents AS n
        WHERE (n.child_id, n.given_by, n.purpose) = (c.child_id, c.given_by, c.purpose)
            AND n.given_at >= c.withdrawn_at AND n.consent_id <> c.consent_id
    ) THEN 'replaced'
    WHEN EXISTS (SELECT FROM people AS p WHERE p.user_id = c.child_id AND p.erased) THEN 'erased'
    ELSE 'withdrawn'
END
WHERE withdrawn_at IS NOT NULL;
ALTER TABLE consents ADD CHECK ((state = 'given') = (withdrawn_at IS NULL));
CREATE INDEX consents_to_decide ON consents (withdrawn_at) WHERE state = 'withdrawn';
