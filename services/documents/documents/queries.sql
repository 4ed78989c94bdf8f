-- name: save_people
INSERT INTO people AS t (
    user_id, version, full_name, birth_date, school, staff_of, works_at, student, parent,
    is_operator, enrolled_at
)
SELECT user_id, version, full_name, birth_date, school, staff_of, works_at, student, parent,
    is_operator, ARRAY(SELECT jsonb_array_elements_text(enrolled_at::jsonb))
FROM unnest(
    $1::uuid[], $2::bigint[], $3::text[], $4::date[], $5::text[], $6::text[], $7::text[],
    $8::boolean[], $9::boolean[], $10::boolean[], $11::text[]
) AS n (
    user_id, version, full_name, birth_date, school, staff_of, works_at, student, parent,
    is_operator, enrolled_at
)
ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET
    version = excluded.version, full_name = excluded.full_name,
    birth_date = excluded.birth_date, school = excluded.school, staff_of = excluded.staff_of,
    works_at = excluded.works_at, student = excluded.student, parent = excluded.parent,
    is_operator = excluded.is_operator, enrolled_at = excluded.enrolled_at, erased = false
WHERE t.version < excluded.version  -- or the same, told again to whom lacks what it tells
    OR (t.version = excluded.version AND t.parent IS NULL AND NOT t.erased)
RETURNING user_id

-- name: wake_failed
UPDATE credentials SET retry_at = now()
WHERE child_id = ANY($1::uuid[]) AND state = 'failed'

-- name: erase_people
WITH named AS (
    SELECT user_id FROM people WHERE user_id = ANY($1::uuid[]) AND full_name IS NOT NULL
)
INSERT INTO people AS t (user_id, version, erased)
SELECT user_id, coalesce(version, 0), true
FROM unnest($1::uuid[], $2::bigint[]) AS n (user_id, version) ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET
    version = greatest(t.version, excluded.version), full_name = NULL, birth_date = NULL,
    school = NULL, staff_of = NULL, works_at = NULL, student = NULL, parent = NULL,
    is_operator = false, enrolled_at = NULL, erased = true
WHERE excluded.version = 0 OR t.version < excluded.version  -- 0: a tombstone without a version
RETURNING user_id, user_id IN (SELECT user_id FROM named) AS was_named

-- name: erase_credentials
WITH sealed AS (
    SELECT certificate_id FROM credentials
    WHERE child_id = ANY($1::uuid[]) AND sealed_key IS NOT NULL
)
UPDATE credentials SET state = 'erased', sealed_key = NULL, sealed_values = NULL, retry_at = NULL
WHERE child_id = ANY($1::uuid[])
RETURNING child_id, certificate_id IN (SELECT certificate_id FROM sealed) AS had_key

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

-- name: save_silent
INSERT INTO credentials (
    certificate_id, child_id, document_id, number, valid_from, valid_until, issued_on, state,
    version, correlation_id
)
SELECT n.certificate_id, n.child_id, n.document_id, n.number, n.valid_from, n.valid_until,
    n.issued_on, CASE WHEN p.erased THEN 'erased' ELSE 'imported' END,
    CASE WHEN p.erased THEN 1 ELSE 0 END, ''  -- nothing is said of it: no story to carry on
FROM unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::date[], $7::date[],
    $8::boolean[]
) AS n (
    certificate_id, child_id, document_id, number, valid_from, valid_until, issued_on, imported
)
LEFT JOIN people AS p ON p.user_id = n.child_id
WHERE n.imported OR p.erased
RETURNING certificate_id

-- name: end_erased
UPDATE credentials AS c SET state = 'erased', retry_at = NULL
FROM people AS p
WHERE p.user_id = c.child_id AND p.erased AND c.state = 'failed' AND c.retry_at <= now()

-- name: close_ended
UPDATE credentials AS c SET state = 'closed', retry_at = NULL
FROM certificate_ends AS e
WHERE e.certificate_id = c.certificate_id AND c.state = 'failed' AND c.retry_at <= now()

-- name: due
SELECT c.*, p.full_name
FROM credentials AS c LEFT JOIN people AS p ON p.user_id = c.child_id AND NOT p.erased
WHERE c.state = 'failed' AND c.retry_at <= now()
    AND NOT EXISTS (SELECT FROM certificate_ends AS e WHERE e.certificate_id = c.certificate_id)
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

-- name: save_ends
INSERT INTO certificate_ends (certificate_id, status, ended_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])
ON CONFLICT (certificate_id) DO NOTHING

-- name: of_certificates
-- Each lookup has its LIMIT 1: so it goes by an index, one row at a time, and no plan reads a table.
SELECT a.user_id, c.*, e.status AS ended, p.full_name,
    CASE WHEN c.child_id = a.user_id THEN p.birth_date END AS own_birth_date,
    l.parent_id IS NOT NULL AS is_parent
FROM unnest($1::uuid[], $2::uuid[]) AS a (asked_id, user_id)
JOIN LATERAL (
    SELECT * FROM credentials WHERE certificate_id = a.asked_id AND state <> 'erased' LIMIT 1
) AS c ON true
LEFT JOIN LATERAL (
    SELECT parent_id FROM open_links WHERE parent_id = a.user_id AND child_id = c.child_id LIMIT 1
) AS l ON true
LEFT JOIN LATERAL (
    SELECT * FROM people WHERE user_id = c.child_id AND NOT erased LIMIT 1
) AS p ON true
LEFT JOIN LATERAL (SELECT * FROM people WHERE user_id = a.user_id LIMIT 1) AS u ON true
LEFT JOIN LATERAL (
    SELECT status FROM certificate_ends WHERE certificate_id = c.certificate_id LIMIT 1
) AS e ON true
WHERE (c.child_id = a.user_id OR l.parent_id IS NOT NULL)
    AND u.erased IS NOT TRUE AND p.student IS NOT FALSE

-- name: image_of_certificate
SELECT * FROM (
    SELECT c.certificate_id, c.child_id, c.number, c.valid_from, c.valid_until, p.full_name,
        e.status AS ended,
        c.child_id = $2 AND p.student IS NOT FALSE AS is_own,
        CASE WHEN c.child_id = $2 THEN p.birth_date END AS own_birth_date,
        EXISTS (
            SELECT FROM open_links AS l
            WHERE l.parent_id = $2 AND l.child_id = c.child_id AND p.student IS NOT FALSE
        ) AS is_parent,
        w.staff_of IS NOT NULL AS is_staff, w.works_at,
        w.works_at = ANY(p.enrolled_at) IS TRUE AS is_here
    FROM credentials AS c
    LEFT JOIN people AS p ON p.user_id = c.child_id AND NOT p.erased
    LEFT JOIN people AS w ON w.user_id = $2 AND NOT w.erased
    LEFT JOIN certificate_ends AS e ON e.certificate_id = c.certificate_id
    WHERE c.certificate_id = $1 AND c.state <> 'erased'
) AS found
WHERE (is_own OR is_parent OR is_staff)
    AND NOT EXISTS (SELECT FROM people AS e WHERE e.user_id = $2 AND e.erased)

-- name: names_of_organizations
SELECT works_at AS organization, max(staff_of) AS name FROM people
WHERE works_at = ANY($1::text[]) AND staff_of IS NOT NULL GROUP BY works_at

-- name: application_facts
SELECT * FROM (
    SELECT p.user_id AS child_id, p.full_name, p.birth_date, p.school,
        p.user_id = $2 AS is_own,
        l.parent_id IS NOT NULL AS is_parent,
        CASE WHEN l.parent_id IS NOT NULL THEN w.full_name END AS parent_name,
        w.staff_of, w.works_at, w.works_at = ANY(p.enrolled_at) IS TRUE AS is_here, p.student,
        c.certificate_id, c.number
    FROM people AS p
    LEFT JOIN people AS w ON w.user_id = $2 AND NOT w.erased
    LEFT JOIN open_links AS l ON l.parent_id = $2 AND l.child_id = p.user_id
    LEFT JOIN LATERAL (
        SELECT k.certificate_id, k.number FROM credentials AS k
        WHERE k.child_id = p.user_id AND k.state <> 'erased' AND NOT EXISTS (
            SELECT FROM certificate_ends AS e WHERE e.certificate_id = k.certificate_id
        )
        ORDER BY k.valid_from DESC, k.certificate_id LIMIT 1
    ) AS c ON true
    WHERE p.user_id = $1 AND p.student IS NOT FALSE AND NOT p.erased
) AS found
WHERE (is_own OR is_parent OR (staff_of IS NOT NULL AND student))
    AND NOT EXISTS (SELECT FROM people AS e WHERE e.user_id = $2 AND e.erased)

-- name: get_rotation
SELECT * FROM rotations WHERE rotation_id = $1

-- name: rotations_since
SELECT rotated_at FROM rotations WHERE certificate_id = $1 AND rotated_at > $2 ORDER BY rotated_at

-- name: rotate
UPDATE credentials SET state = 'ready', version = version + 1, document_id = $2, issued_on = $3,
    template_version = $4, sealed_values = $5, sealed_key = $6, digest = $7, built_at = $8
WHERE certificate_id = $1

-- name: save_rotation
INSERT INTO rotations (rotation_id, certificate_id, user_id, version, digest, rotated_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (rotation_id) DO NOTHING
RETURNING rotation_id

-- name: portal_accounts
SELECT c.*, e.status AS ended
FROM credentials AS c LEFT JOIN certificate_ends AS e ON e.certificate_id = c.certificate_id
WHERE c.certificate_id = ANY($1::uuid[]) AND c.state <> 'erased'

-- name: lock_credentials
SELECT * FROM credentials WHERE certificate_id = $1 FOR UPDATE

-- name: save_lost
INSERT INTO credentials (
    certificate_id, child_id, document_id, number, valid_from, valid_until, issued_on, version,
    state, reason, retry_at, correlation_id, traceparent
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'failed', 'rendering_failed', now(), $9, $10)
ON CONFLICT (certificate_id) DO NOTHING
RETURNING certificate_id

-- name: is_operator
SELECT EXISTS (SELECT FROM people WHERE user_id = $1 AND is_operator AND NOT erased)

-- name: count_failed
SELECT count(*) FROM credentials WHERE state = 'failed'

-- name: failed
SELECT certificate_id, reason, retry_at FROM credentials WHERE state = 'failed'
ORDER BY retry_at LIMIT $1
