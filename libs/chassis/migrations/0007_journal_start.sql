-- The journal is kept for three years: its oldest links go, and where the chain then begins stays.
CREATE TABLE journal_start (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    link bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO journal_start (link, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- Nothing younger than three years can be deleted, also not by the service itself.
CREATE OR REPLACE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.link IS NULL AND NEW.link IS NOT NULL
            AND (OLD.id, OLD.happened_at, OLD.actor_id, OLD.actor, OLD.organization, OLD.action,
                OLD.subject, OLD.details)
            IS NOT DISTINCT FROM (NEW.id, NEW.happened_at, NEW.actor_id, NEW.actor,
                NEW.organization, NEW.action, NEW.subject, NEW.details)
        THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.happened_at < now() - interval '3 years'
            AND OLD.link <= (SELECT link FROM journal_start)
        THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the journal is append-only';
END $$;
