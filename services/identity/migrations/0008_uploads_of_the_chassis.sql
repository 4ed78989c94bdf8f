-- Imports are the chassis's now, for every service that takes files. What runs goes on.
INSERT INTO uploads (
    id, kind, dry_run, actor_id, state, digest, rows_total, rows_done, created, changed, unchanged,
    failed, attempts, created_at, finished_at
)
SELECT id, kind, dry_run, actor_id, state, digest, rows_total, rows_done, created, changed,
    unchanged, failed, attempts, created_at, finished_at
FROM imports;
INSERT INTO upload_rows (upload_id, place, key, also, cells, repeated)
SELECT import_id, place, key, login, cells, CASE repeated WHEN 'login' THEN 'also' ELSE repeated END
FROM import_rows;
INSERT INTO upload_errors (upload_id, place, field, code)
SELECT import_id, place, field, code FROM import_errors ORDER BY id;
DROP TABLE import_rows, import_errors, imports;
