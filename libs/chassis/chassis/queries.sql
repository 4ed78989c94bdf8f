-- name: claim
INSERT INTO inbox (source, event_id, digest)
SELECT DISTINCT ON (source, event_id) source, event_id, digest
FROM unnest($1::text[], $2::text[], $3::bytea[]) AS seen (source, event_id, digest)
ORDER BY source, event_id
ON CONFLICT DO NOTHING
RETURNING source, event_id

-- name: digests
SELECT source, event_id, digest
FROM inbox
JOIN unnest($1::text[], $2::text[]) AS seen (source, event_id) USING (source, event_id)

-- name: forget
DELETE FROM inbox USING unnest($1::text[], $2::text[], $3::bytea[]) AS f (source, event_id, digest)
WHERE inbox.source = f.source AND inbox.event_id = f.event_id AND inbox.digest = f.digest

-- name: unsent
SELECT id, topic, key, value, headers FROM outbox ORDER BY id LIMIT $1

-- name: move_to_sent
WITH gone AS (
    DELETE FROM outbox WHERE id = ANY($1::bigint[])
    RETURNING id, topic, key, value, headers, created_at
)
INSERT INTO outbox_sent (id, topic, key, value, headers, created_at)
SELECT id, topic, key, value, headers, created_at FROM gone

-- name: resend
-- Back under its own id: the relay sends by id, so it comes before what was said later of its key.
WITH latest AS (
    SELECT topic, key, max(id) AS id FROM outbox_sent
    WHERE topic = ANY($4::text[]) GROUP BY topic, key
), again AS (
    DELETE FROM outbox_sent AS s
    WHERE ($1::timestamptz IS NULL OR s.sent_at >= $1) AND ($2::text IS NULL OR s.topic = $2)
        AND ($3::text[] IS NULL OR s.headers::json ->> 'ce_id' = ANY($3))
        AND (s.topic <> ALL($4) OR (s.topic, s.key, s.id) IN (SELECT topic, key, id FROM latest))
    RETURNING id, topic, key, value, headers
), put AS (
    INSERT INTO outbox (id, topic, key, value, headers) OVERRIDING SYSTEM VALUE
    SELECT id, topic, key, value, headers FROM again
    RETURNING topic
)
SELECT topic, count(*) AS rows FROM put GROUP BY topic ORDER BY topic

-- name: is_unsent
SELECT EXISTS (SELECT FROM outbox WHERE headers::json ->> 'ce_id' = $1)

-- name: outbox_state
SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS counted) AS rows,
    coalesce((SELECT extract(epoch FROM now() - created_at) FROM outbox ORDER BY id LIMIT 1), 0)::float
        AS age_s

-- name: count_unsent
SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS counted

-- name: keep_sent_partitions
SELECT keep_sent_partitions($1, $2)

-- name: quarantine
INSERT INTO quarantine (topic, partition, record_offset, digest, record, key_digest, reason)
SELECT * FROM unnest(
    $1::text[], $2::int[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[]
)
ON CONFLICT (topic, partition, record_offset, digest) DO UPDATE
    SET reason = excluded.reason, record = excluded.record, redriven_at = NULL,
        quarantined_at = now()
    WHERE quarantine.redriven_at IS NOT NULL

-- name: quarantined
SELECT id, topic, partition, record_offset, reason, quarantined_at
FROM quarantine WHERE dropped_at IS NULL AND redriven_at IS NULL ORDER BY id

-- name: quarantined_record
SELECT * FROM quarantine WHERE id = $1 AND dropped_at IS NULL AND redriven_at IS NULL FOR UPDATE

-- name: mark_redriven
UPDATE quarantine SET redriven_at = now() WHERE id = $1

-- name: drop_quarantined
UPDATE quarantine SET dropped_at = now(), dropped_reason = $2
WHERE id = $1 AND dropped_at IS NULL AND redriven_at IS NULL

-- name: requeue
INSERT INTO parked (topic, partition, record_offset, digest, key_digest, waits_for, record, due_at)
SELECT topic, partition, record_offset, digest, key_digest, 'operator', record, now()
FROM quarantine WHERE id = $1

-- name: quarantine_parked
INSERT INTO quarantine (topic, partition, record_offset, digest, key_digest, reason, record)
SELECT topic, partition, record_offset, digest, key_digest, $2, record FROM parked WHERE id = $1
ON CONFLICT (topic, partition, record_offset, digest) DO UPDATE
    SET reason = excluded.reason, redriven_at = NULL
RETURNING id

-- name: forget_quarantined
DELETE FROM quarantine WHERE key_digest = ANY($1::bytea[]) AND right(topic, length($2)) = $2
RETURNING key_digest

-- name: forget_sent
DELETE FROM outbox_sent AS s
USING unnest($1::bigint[], $2::text[], $3::text[]) AS tombstone (id, topic, key)
WHERE s.topic = tombstone.topic AND s.key = tombstone.key AND s.id < tombstone.id
    AND s.value IS NOT NULL

-- name: count_said
SELECT key, count(*) AS rows FROM (
    SELECT topic, key, value FROM outbox UNION ALL SELECT topic, key, value FROM outbox_sent
) AS said
WHERE topic = $1 AND key = ANY($2::text[]) AND value IS NOT NULL
GROUP BY key

-- name: lock_stripes
SELECT pg_advisory_xact_lock($1, stripe) FROM unnest($2::int[]) AS s (stripe)

-- name: lock_stripes_shared
SELECT pg_advisory_xact_lock_shared($1, stripe) FROM unnest($2::int[]) AS s (stripe)

-- name: park
INSERT INTO parked (topic, partition, record_offset, digest, record, key_digest, waits_for, due_at)
SELECT topic, partition, record_offset, digest, record, key_digest, waits_for, now() + $8::interval
FROM unnest(
    $1::text[], $2::int[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[]
) AS p (topic, partition, record_offset, digest, record, key_digest, waits_for)
ON CONFLICT (topic, partition, record_offset, digest) DO NOTHING

-- name: release
UPDATE parked SET due_at = now() WHERE waits_for = ANY($1::text[])

-- name: due
SELECT id, topic, partition, record_offset, record, attempts, parked_at,
    now() >= parked_at + $2::interval AS last_call
FROM parked WHERE due_at <= now()
ORDER BY id LIMIT $1
FOR UPDATE SKIP LOCKED

-- name: unpark
DELETE FROM parked WHERE id = ANY($1::bigint[])

-- name: wait_on
UPDATE parked SET waits_for = w.waits_for, due_at = parked_at + $3::interval
FROM unnest($1::bigint[], $2::text[]) AS w (id, waits_for)
WHERE parked.id = w.id

-- name: postpone
UPDATE parked SET attempts = attempts + 1, due_at = now() + interval '1 second' WHERE id = $1

-- name: wait_for_key
UPDATE parked SET waits_for = 'wrong_key', due_at = now() + interval '1 minute'
WHERE id = ANY($1::bigint[])

-- name: all_parked
SELECT id, topic, partition, record_offset, waits_for, attempts, parked_at, due_at
FROM parked ORDER BY id

-- name: parked_record
SELECT * FROM parked WHERE id = $1 FOR UPDATE

-- name: redrive_parked
UPDATE parked SET due_at = now() WHERE id = $1

-- name: drop_parked
DELETE FROM parked WHERE id = $1

-- name: waiting
SELECT (SELECT count(*) FROM parked) AS parked,
    (SELECT count(*) FROM quarantine WHERE dropped_at IS NULL AND redriven_at IS NULL)
        AS quarantined

-- name: stuck
(
    SELECT 'quarantine' AS kind, id::text, topic, partition, record_offset AS offset, reason,
        quarantined_at AS since, NULL::timestamptz AS due_at
    FROM quarantine WHERE dropped_at IS NULL AND redriven_at IS NULL
    ORDER BY quarantine.id LIMIT $1
) UNION ALL (
    SELECT 'parked', id::text, topic, partition, record_offset, waits_for, parked_at, due_at
    FROM parked ORDER BY parked.id LIMIT $1
)

-- name: journal_page
SELECT id, happened_at, actor_id, actor, organization, action, subject, details, l.link
FROM journal LEFT JOIN journal_links AS l USING (id)
WHERE ($1::uuid IS NULL OR subject = $1) AND ($2::uuid IS NULL OR actor_id = $2)
    AND ($3::bigint IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4

-- name: journal
INSERT INTO journal (happened_at, actor_id, actor, organization, action, subject, details)
SELECT * FROM unnest(
    $1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[]
)

-- name: journal_looks
-- Looked up by subject and time: of one actor, at a desk, there may be very many. Hence no "=".
INSERT INTO journal (happened_at, actor_id, actor, organization, action, subject, details)
SELECT * FROM (
    SELECT DISTINCT ON (actor_id, action, subject, details) *
    FROM unnest(
        $1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[]
    ) AS n (happened_at, actor_id, actor, organization, action, subject, details)
    ORDER BY actor_id, action, subject, details, happened_at
) AS l
WHERE NOT EXISTS (
    SELECT FROM journal AS j
    WHERE j.subject = l.subject AND j.happened_at > l.happened_at - $8::interval
        AND j.actor_id IS NOT DISTINCT FROM l.actor_id
        AND j.action = l.action AND j.details = l.details
)

-- name: journal_of
SELECT id, happened_at, actor_id, actor, organization, action, details FROM journal
WHERE subject = $1 AND ($3::timestamptz IS NULL OR (happened_at, id) < ($3, $4::bigint))
    AND ($5::boolean IS NULL OR action ~ '^(found|saw|downloaded|read)_|[.]looked_at$' = $5)
ORDER BY happened_at DESC, id DESC LIMIT $2

-- name: try_lock
SELECT pg_try_advisory_xact_lock($1)

-- name: last_link
SELECT link, hash FROM (
    (SELECT link, hash FROM journal_links ORDER BY link DESC LIMIT 1)
    UNION ALL SELECT link, hash FROM journal_start
) AS known
ORDER BY link DESC LIMIT 1

-- name: journal_start
SELECT link, hash FROM journal_start

-- name: first_links
SELECT l.link, l.hash, happened_at FROM journal_links AS l JOIN journal USING (id)
ORDER BY l.link LIMIT $1

-- name: move_journal_start
UPDATE journal_start SET link = $1, hash = $2

-- name: prune_journal
DELETE FROM journal USING journal_links AS l WHERE l.id = journal.id AND l.link <= $1

-- name: prune_links
DELETE FROM journal_links WHERE link <= $1

-- name: take_unsealed
WITH taken AS (
    DELETE FROM journal_unsealed
    WHERE ctid = ANY(ARRAY(SELECT ctid FROM journal_unsealed LIMIT $1))
    RETURNING id
)
SELECT id, happened_at, actor_id, actor, organization, action, subject, details
FROM taken JOIN journal USING (id)
WHERE NOT EXISTS (SELECT FROM journal_links AS l WHERE l.id = taken.id)  -- after a restore, perhaps
ORDER BY id

-- name: count_unsealed
-- By what has no link, whether or not it waits: to be forgotten must not hide an entry.
SELECT count(*) FROM journal AS j
WHERE NOT EXISTS (SELECT FROM journal_links AS l WHERE l.id = j.id)

-- name: links_after
SELECT j.id, happened_at, actor_id, actor, organization, action, subject, details, l.link, l.hash
FROM journal_links AS l LEFT JOIN journal AS j USING (id)
WHERE l.link > $1 ORDER BY l.link LIMIT $2

-- name: make_key_check
INSERT INTO key_check (sealed) VALUES ($1) ON CONFLICT DO NOTHING

-- name: key_check
SELECT sealed, next FROM key_check

-- name: lock_key_check
SELECT sealed, next FROM key_check FOR UPDATE

-- name: count_sessions
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()

-- name: begin_rewrap
UPDATE key_check SET next = $1

-- name: end_rewrap
UPDATE key_check SET sealed = next, next = NULL

-- name: sealed_columns
SELECT relation, id_column, sealed_column, about FROM sealed_columns ORDER BY relation, sealed_column

-- name: open_upload
INSERT INTO uploads AS t (id, kind, dry_run, actor_id, state, created_at)
VALUES ($1, $2, $3, $4, 'receiving', $5)
ON CONFLICT (id) DO UPDATE SET
    round = t.round + 1, dry_run = excluded.dry_run, created_at = excluded.created_at
WHERE t.state = 'receiving'
RETURNING round

-- name: lock_round
SELECT round FROM uploads WHERE id = $1 AND round = $2 AND state = 'receiving' FOR SHARE

-- name: upload
SELECT * FROM uploads WHERE id = $1

-- name: drop_upload
DELETE FROM uploads WHERE id = $1 AND round = $2 AND state = 'receiving'

-- name: without_nested_loops
SELECT set_config('enable_nestloop', 'off', true)

-- name: mark_repeated
UPDATE upload_rows AS r SET repeated = n.repeated
FROM (
    SELECT place, CASE
        WHEN row_number() OVER (PARTITION BY key ORDER BY place) > 1 THEN 'key'
        WHEN also IS NOT NULL AND count(*) OVER (PARTITION BY also) > 1 THEN 'also'
    END AS repeated
    FROM upload_rows WHERE upload_id = $1
) AS n
WHERE r.upload_id = $1 AND r.place = n.place AND n.repeated IS NOT NULL

-- name: close_upload
UPDATE uploads SET state = 'running', digest = $2, rows_total = $3, rows_done = $4, failed = $4
WHERE id = $1 AND state = 'receiving'

-- name: next_upload
SELECT * FROM uploads WHERE state = 'running' ORDER BY created_at, id LIMIT 1
FOR UPDATE SKIP LOCKED

-- name: take_rows
DELETE FROM upload_rows WHERE upload_id = $1 AND place = ANY(
    ARRAY(SELECT place FROM upload_rows WHERE upload_id = $1 ORDER BY place LIMIT $2)
)
RETURNING place, also, cells, repeated

-- name: save_progress
UPDATE uploads SET rows_done = rows_done + $2, created = created + $3, changed = changed + $4,
    unchanged = unchanged + $5, failed = failed + $6, attempts = 0
WHERE id = $1

-- name: save_errors
INSERT INTO upload_errors (upload_id, place, field, code)
SELECT $1, place, field, code
FROM unnest($2::int[], $3::text[], $4::text[]) WITH ORDINALITY AS n (place, field, code, n)
ORDER BY n
LIMIT greatest(0, $5 - (SELECT count(*) FROM upload_errors WHERE upload_id = $1))

-- name: upload_errors
SELECT place, field, code FROM upload_errors WHERE upload_id = $1 ORDER BY place, id

-- name: finish_upload
UPDATE uploads SET state = $2, finished_at = $3 WHERE id = $1

-- name: drop_rows
DELETE FROM upload_rows WHERE upload_id = $1

-- name: drop_errors
DELETE FROM upload_errors WHERE upload_id = $1

-- name: taken
SELECT also FROM upload_taken WHERE upload_id = $1 AND also = ANY($2::text[])

-- name: save_taken
INSERT INTO upload_taken (upload_id, also) SELECT $1, * FROM unnest($2::text[])

-- name: drop_taken
DELETE FROM upload_taken WHERE upload_id = $1

-- name: count_attempt
UPDATE uploads SET attempts = attempts + 1 WHERE id = $1 RETURNING attempts

-- name: sum_up_counts
WITH noted AS (
    DELETE FROM count_changes WHERE ctid = ANY(ARRAY(SELECT ctid FROM count_changes LIMIT $1))
    RETURNING relation, state, rows
), summed AS (
    INSERT INTO counts AS t (relation, state, rows)
    SELECT relation, state, sum(rows) FROM noted GROUP BY relation, state ORDER BY 1, 2
    ON CONFLICT (relation, state) DO UPDATE SET rows = t.rows + excluded.rows
)
SELECT count(*) FROM noted

-- name: counts
SELECT relation, state, sum(rows)::bigint AS rows FROM (
    SELECT relation, state, rows FROM counts UNION ALL SELECT relation, state, rows FROM count_changes
) AS known
GROUP BY relation, state

-- name: applied_migrations
SELECT migration_id FROM _yoyo_migration

-- name: owns_journal
SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = 'journal'::regclass

-- name: owns_all
SELECT has_schema_privilege('public', 'CREATE') AND NOT EXISTS (
    SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND NOT pg_has_role(relowner, 'USAGE')
)

-- name: is_me
SELECT $1 = current_user
