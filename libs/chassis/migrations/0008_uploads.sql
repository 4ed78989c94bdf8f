-- Tables that people upload, of the services that take some. Rows are kept until they are worked on,
-- and deleted with that; of an upload itself only counts and places of errors stay, for 30 days.
-- `round` grows when the same file is sent again before it was received whole.
CREATE TABLE uploads (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    dry_run boolean NOT NULL,
    actor_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('receiving', 'running', 'done', 'failed')),
    round int NOT NULL DEFAULT 1,
    digest bytea,
    rows_total int NOT NULL DEFAULT 0,
    rows_done int NOT NULL DEFAULT 0,
    created int NOT NULL DEFAULT 0,
    changed int NOT NULL DEFAULT 0,
    unchanged int NOT NULL DEFAULT 0,
    failed int NOT NULL DEFAULT 0,
    attempts int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX uploads_unfinished ON uploads (created_at) WHERE state IN ('receiving', 'running');

-- `place`: the row as a spreadsheet shows it. `key`, `also`: what no other row of the file may
-- have. `repeated`: 'key', another row had it before; 'also', another row wants it, too.
CREATE TABLE upload_rows (
    upload_id uuid NOT NULL REFERENCES uploads ON DELETE CASCADE,
    place int NOT NULL,
    key text NOT NULL,
    also text,
    cells jsonb NOT NULL,
    repeated text,
    PRIMARY KEY (upload_id, place)
);

-- What the first good one of those rows has taken, until all rows are done.
CREATE TABLE upload_taken (
    upload_id uuid NOT NULL REFERENCES uploads ON DELETE CASCADE,
    also text NOT NULL,
    PRIMARY KEY (upload_id, also)
);

CREATE TABLE upload_errors (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload_id uuid NOT NULL REFERENCES uploads ON DELETE CASCADE,
    place int NOT NULL,
    field text,
    code text NOT NULL
);
CREATE INDEX upload_errors_place ON upload_errors (upload_id, place);
