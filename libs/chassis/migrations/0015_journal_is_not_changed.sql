-- To write a link into its row made a second version of the row, in five indexes. From now on what is to be
-- sealed waits in a table of its own: whoever appends, by whatever release, cannot leave it out.
LOCK TABLE journal IN ACCESS EXCLUSIVE MODE;
INSERT INTO journal_links SELECT link, id, hash FROM journal
WHERE link > (SELECT coalesce(max(link), 0) FROM journal_links) ORDER BY link;
ALTER INDEX journal_unsealed RENAME TO journal_was_unsealed;
CREATE TABLE journal_unsealed (id bigint NOT NULL);
INSERT INTO journal_unsealed SELECT id FROM journal WHERE link IS NULL;
-- The columns stay for a release that still reads them; nobody fills them in.
DROP INDEX journal_was_unsealed;
ALTER TABLE journal DROP CONSTRAINT journal_link_key;

CREATE FUNCTION journal_waits_to_be_sealed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO journal_unsealed SELECT id FROM new_rows;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION journal_waits_to_be_sealed FROM PUBLIC;
CREATE TRIGGER journal_appended AFTER INSERT ON journal REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION journal_waits_to_be_sealed();

-- Nothing younger than three years can be deleted, nor the link of an entry that is there.
CREATE OR REPLACE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'journal' THEN
        IF OLD.happened_at < now() - interval '3 years' AND EXISTS (
            SELECT FROM journal_links AS l JOIN journal_start AS s ON l.link <= s.link
            WHERE l.id = OLD.id
        ) THEN
            RETURN OLD;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.link <= (SELECT link FROM journal_start)
            AND NOT EXISTS (SELECT FROM journal WHERE id = OLD.id)
        THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the journal is append-only';
END $$;
CREATE TRIGGER journal_links_append_only BEFORE UPDATE OR DELETE ON journal_links
    FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();
CREATE TRIGGER journal_links_never_emptied BEFORE TRUNCATE ON journal_links
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();
