-- The service's role owns nothing any more (ADR 24). What it asks its owner to do for it is here.

-- Days of `outbox_sent` are made for today and tomorrow; those before `oldest` are dropped. The day's
-- rows may already lie in the default partition: at a first start, or after a long pause.
CREATE FUNCTION keep_sent_partitions(today date, oldest date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    day date;
    name text;
    since text;
    until text;
BEGIN
    FOREACH day IN ARRAY ARRAY[today, today + 1] LOOP
        name := to_char(day, '"outbox_sent_"YYYYMMDD');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        -- Whoever writes meanwhile would not find the rows that move; who reads does not wait.
        LOCK TABLE outbox_sent IN SHARE ROW EXCLUSIVE MODE;
        since := to_char(day, 'YYYY-MM-DD"T00:00Z"');
        until := to_char(day + 1, 'YYYY-MM-DD"T00:00Z"');
        EXECUTE format('CREATE TABLE %I (LIKE outbox_sent INCLUDING DEFAULTS)', name);
        EXECUTE format('WITH rest AS (DELETE FROM outbox_sent_rest'
            ' WHERE sent_at >= %L AND sent_at < %L RETURNING *)'
            ' INSERT INTO %I SELECT * FROM rest', since, until, name);
        EXECUTE format('ALTER TABLE outbox_sent ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            name, since, until);
    END LOOP;
    FOR name IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'outbox_sent'::regclass AND c.relname <> 'outbox_sent_rest'
            AND c.relname < to_char(oldest, '"outbox_sent_"YYYYMMDD')
    LOOP
        EXECUTE format('DROP TABLE %I', name);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION keep_sent_partitions FROM PUBLIC;

-- Whatever a session's search_path says, it reads where the journal begins from our table.
ALTER FUNCTION journal_is_append_only() SET search_path = public, pg_temp;
