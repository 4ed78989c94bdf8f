-- What is sealed with ENCRYPTION_KEY, so that one command wraps all of it anew under another key.
-- `about`: how a row's associated data is made, as SQL. `next` stands while that command is not done.
ALTER TABLE key_check ADD COLUMN next bytea;

CREATE TABLE sealed_columns (
    relation text NOT NULL,
    id_column text NOT NULL,
    sealed_column text NOT NULL,
    about text NOT NULL,
    PRIMARY KEY (relation, sealed_column)
);
INSERT INTO sealed_columns VALUES
    ('quarantine', 'id', 'record',
        $$convert_to(concat_ws(':', topic, partition, record_offset), 'UTF8')$$),
    ('parked', 'id', 'record',
        $$convert_to(concat_ws(':', topic, partition, record_offset), 'UTF8')$$);
