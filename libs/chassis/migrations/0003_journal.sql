-- Who did and who read what. Rows are only added; each is then sealed into a chain of hashes, in
-- the order of `link`, so that a changed, moved or missing row breaks the chain.
CREATE TABLE journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    happened_at timestamptz NOT NULL,
    actor_id uuid,
    actor text NOT NULL,
    organization text,
    action text NOT NULL,
    subject uuid NOT NULL,
    details text NOT NULL DEFAULT '',
    link bigint UNIQUE,
    hash bytea
);
CREATE INDEX journal_of_subject ON journal (subject, happened_at);
CREATE INDEX journal_unsealed ON journal (id) WHERE link IS NULL;

CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.link IS NULL AND NEW.link IS NOT NULL
        AND (OLD.id, OLD.happened_at, OLD.actor_id, OLD.actor, OLD.organization, OLD.action,
            OLD.subject, OLD.details)
        IS NOT DISTINCT FROM (NEW.id, NEW.happened_at, NEW.actor_id, NEW.actor, NEW.organization,
            NEW.action, NEW.subject, NEW.details)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the journal is append-only';
END $$;
CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();
CREATE TRIGGER journal_never_emptied BEFORE TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();
