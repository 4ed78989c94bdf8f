-- name: save_people
INSERT INTO people AS t (user_id, version, full_name, birth_date)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::date[])
    AS n (user_id, version, full_name, birth_date)
ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET
    version = excluded.version, full_name = excluded.full_name,
    birth_date = excluded.birth_date, erased = false
WHERE t.version < excluded.version
RETURNING user_id

-- name: wake_failed
UPDATE credentials SET retry_at = now()
WHERE child_id = ANY($1::uuid[]) AND state = 'failed'

-- name: erase_people
INSERT INTO people AS t (user_id, version, erased)
SELECT user_id, coalesce(version, 0), true
FROM unnest($1::uuid[], $2::bigint[]) AS n (user_id, version) ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET
    version = greatest(t.version, excluded.version), full_name = NULL, birth_date = NULL,
    erased = true
WHERE excluded.version = 0 OR t.version < excluded.version  -- 0: a tombstone without a version
RETURNING user_id

-- name: erase_credentials
UPDATE credentials SET state = 'erased', sealed_key = NULL, sealed_values = NULL, retry_at = NULL
WHERE child_id = ANY($1::uuid[])

-- name: save_links
INSERT INTO child_links AS t (parent_id, child_id, version, linked)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[])
    AS n (parent_id, child_id, version, linked)
ORDER BY parent_id, child_id
ON CONFLICT (parent_id, child_id) DO UPDATE
    SET version = excluded.version, linked = excluded.linked
WHERE t.version < excluded.version

-- name: names
SELECT user_id, full_name FROM people WHERE user_id = ANY($1::uuid[]) AND NOT erased
ORDER BY user_id FOR SHARE  -- an erasure waits, and then finds the document that used the name

-- name: existing
SELECT certificate_id FROM credentials WHERE certificate_id = ANY($1::uuid[])

-- name: save_credentials
INSERT INTO credentials (
    certificate_id, child_id, document_id, number, valid_from, valid_until, issued_on, state,
    version, template_version, sealed_values, sealed_key, digest, built_at, reason, attempts,
    retry_at, correlation_id, traceparent
)
SELECT certificate_id, child_id, document_id, number, valid_from, valid_until, issued_on,
    CASE WHEN reason IS NULL THEN 'ready' ELSE 'failed' END,
    1, template_version, sealed_values, sealed_key, digest, built_at, reason,
    CASE WHEN reason IS NULL THEN 0 ELSE 1 END,
    retry_at, correlation_id, traceparent
FROM unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::date[], $7::date[],
    $8::text[], $9::bytea[], $10::bytea[], $11::bytea[], $12::timestamptz[], $13::text[],
    $14::timestamptz[], $15::text[], $16::text[]
) AS n (
    certificate_id, child_id, document_id, number, valid_from, valid_until, issued_on,
    template_version, sealed_values, sealed_key, digest, built_at, reason, retry_at,
    correlation_id, traceparent
)

-- name: save_erased
INSERT INTO credentials (
    certificate_id, child_id, document_id, number, valid_from, valid_until, issued_on, state,
    version, correlation_id
)
SELECT n.*, 'erased', 1, ''  -- nothing is ever said of it: no story to carry on
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::date[], $7::date[])
    AS n (certificate_id, child_id, document_id, number, valid_from, valid_until, issued_on)
JOIN people AS p ON p.user_id = n.child_id AND p.erased
RETURNING certificate_id

-- name: end_erased
UPDATE credentials AS c SET state = 'erased', retry_at = NULL
FROM people AS p
WHERE p.user_id = c.child_id AND p.erased AND c.state = 'failed' AND c.retry_at <= now()

-- name: due
SELECT c.*, p.full_name
FROM credentials AS c LEFT JOIN people AS p ON p.user_id = c.child_id AND NOT p.erased
WHERE c.state = 'failed' AND c.retry_at <= now()
ORDER BY c.retry_at LIMIT $1

-- name: lock_failed
SELECT certificate_id FROM credentials
WHERE certificate_id = $1 AND state = 'failed' AND version = $2 FOR UPDATE SKIP LOCKED

-- name: save_ready
UPDATE credentials SET state = 'ready', version = version + 1, template_version = $2,
    sealed_values = $3, sealed_key = $4, digest = $5, built_at = $6, reason = NULL, retry_at = NULL
WHERE certificate_id = $1

-- name: save_failed
UPDATE credentials SET version = version + 1, reason = $2, attempts = $3, retry_at = $4
WHERE certificate_id = $1

-- name: of_certificate
SELECT c.*,
    (
        SELECT p.birth_date FROM people AS p WHERE p.user_id = c.child_id AND p.user_id = $2
            AND NOT p.erased
    ) AS own_birth_date,
    EXISTS (
        SELECT FROM child_links AS l
        WHERE l.parent_id = $2 AND l.child_id = c.child_id AND l.linked
    ) AS is_parent
FROM credentials AS c
WHERE c.certificate_id = $1 AND c.state <> 'erased'
    AND NOT EXISTS (SELECT FROM people AS e WHERE e.user_id = $2 AND e.erased)
    AND (
        c.child_id = $2 OR EXISTS (
            SELECT FROM child_links AS l
            WHERE l.parent_id = $2 AND l.child_id = c.child_id AND l.linked
        )
    )

-- name: journal_download
INSERT INTO downloads (certificate_id, document_id, user_id, downloaded_at)
VALUES ($1, $2, $3, $4)
