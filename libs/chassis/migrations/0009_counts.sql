-- How many rows of each state a table has, exact and without counting them: each statement notes in
-- its own transaction what it changed; a job sums the notes up. No two writers meet on a row.
CREATE TABLE counts (
    relation text NOT NULL,
    state text NOT NULL,
    rows bigint NOT NULL,
    PRIMARY KEY (relation, state)
);
CREATE TABLE count_changes (
    relation text NOT NULL,
    state text NOT NULL,
    rows bigint NOT NULL
);

CREATE FUNCTION note_count() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gone text := format('SELECT %I::text AS state, -1 AS rows FROM old_rows', TG_ARGV[0]);
    come text := format('SELECT %I::text AS state, 1 AS rows FROM new_rows', TG_ARGV[0]);
BEGIN
    EXECUTE format(
        'INSERT INTO count_changes SELECT %L, state, sum(rows) FROM (%s) AS c GROUP BY state'
        ' HAVING sum(rows) <> 0',
        TG_TABLE_NAME,
        CASE TG_OP WHEN 'INSERT' THEN come WHEN 'DELETE' THEN gone
            ELSE gone || ' UNION ALL ' || come END
    );
    RETURN NULL;
END $$;

-- For a migration of a service: from now on the table is counted by this column.
CREATE FUNCTION count_by(relation text, by_column text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', relation);
    EXECUTE format('CREATE TRIGGER counted_insert AFTER INSERT ON %I'
        ' REFERENCING NEW TABLE AS new_rows'
        ' FOR EACH STATEMENT EXECUTE FUNCTION note_count(%L)', relation, by_column);
    EXECUTE format('CREATE TRIGGER counted_update AFTER UPDATE ON %I'
        ' REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
        ' FOR EACH STATEMENT EXECUTE FUNCTION note_count(%L)', relation, by_column);
    EXECUTE format('CREATE TRIGGER counted_delete AFTER DELETE ON %I'
        ' REFERENCING OLD TABLE AS old_rows'
        ' FOR EACH STATEMENT EXECUTE FUNCTION note_count(%L)', relation, by_column);
    EXECUTE format('INSERT INTO counts SELECT %L, %I::text, count(*) FROM %I GROUP BY 2',
        relation, by_column, relation);
END $$;
