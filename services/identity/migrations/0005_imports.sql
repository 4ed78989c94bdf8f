-- Files with users and links. Rows are kept until they are worked on, and deleted with that; of an
-- import itself only counts and places of errors stay, for 30 days.

CREATE TABLE imports (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('users', 'child-links')),
    dry_run boolean NOT NULL,
    actor_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('receiving', 'running', 'done', 'failed')),
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
CREATE INDEX imports_running ON imports (created_at) WHERE state IN ('receiving', 'running');

-- `place`: the row as a spreadsheet shows it. `repeated`: which column another row had before.
CREATE TABLE import_rows (
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    place int NOT NULL,
    key text NOT NULL,
    login text,
    cells jsonb NOT NULL,
    repeated text,
    PRIMARY KEY (import_id, place)
);

CREATE TABLE import_errors (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    place int NOT NULL,
    field text,
    code text NOT NULL
);
CREATE INDEX import_errors_place ON import_errors (import_id, place);
