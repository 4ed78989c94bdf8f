-- The whole life of a certificate; the region's rules, changed while running; consent.

-- The warning that was said last: 90, 30 or 7 days before the end.
ALTER TABLE certificates ADD COLUMN warned_days int;
CREATE INDEX certificates_by_end ON certificates (valid_until)
    WHERE status IN ('pending_activation', 'active', 'suspended');

-- The clock changes certificates too: no actor, no organization, no papers.
ALTER TABLE changes
    ALTER COLUMN actor_id DROP NOT NULL,
    ALTER COLUMN organization DROP NOT NULL,
    ALTER COLUMN consent DROP NOT NULL,
    ADD COLUMN reason text;

-- What differs from the service's settings; the row '' is the region, a municipality's row wins.
CREATE TABLE rules (
    municipality text PRIMARY KEY,
    module_enabled boolean,
    minimum_age int CHECK (minimum_age BETWEEN 0 AND 17),
    validity text,
    changed_by uuid NOT NULL,
    changed_at timestamptz NOT NULL
);

CREATE TABLE consents (
    consent_id uuid PRIMARY KEY,
    child_id uuid NOT NULL,
    given_by uuid NOT NULL,
    purpose text NOT NULL,
    text_version text NOT NULL,
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz
);
CREATE UNIQUE INDEX one_consent ON consents (child_id, given_by, purpose)
    WHERE withdrawn_at IS NULL;

-- The desk looks people up by the beginning of the name, and by birth date.
CREATE INDEX people_by_name ON people (lower(full_name) text_pattern_ops);
CREATE INDEX people_by_birth_date ON people (birth_date);
