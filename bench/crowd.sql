-- name: people_of_certificates
-- 60 surnames: the most frequent one of a region is as frequent.
INSERT INTO people (
    user_id, version, roles, full_name, birth_date, municipality, enrolled_at, organization, authorized
)
SELECT md5('crowd-child-' || n)::uuid, 1, '{student}',
    ($3::text[])[1 + n % 60] || ' ' || ($4::text[])[1 + n / 60 % 20] || ' '
        || ($5::text[])[1 + n / 1200 % 12] || 'ович',
    current_date - 5500 - n % 365, 'crowd', ARRAY['crowd-school-' || n % 10000], NULL, false
FROM generate_series($1::int, $2::int) AS n

-- name: child_links_of_certificates
INSERT INTO child_links (parent_id, child_id, version, linked)
SELECT md5('crowd-parent-' || n / 2)::uuid, md5('crowd-child-' || n)::uuid, 1, true
FROM generate_series($1::int, $2::int) AS n

-- name: certificate_requests_of_certificates
INSERT INTO certificate_requests (
    request_id, child_id, requester_id, requester_role, requested_at, status, certificate_id
)
SELECT md5('crowd-request-' || n)::uuid, md5('crowd-child-' || n)::uuid,
    md5('crowd-parent-' || n / 2)::uuid, 'parent', now() - interval '44 days' * (n % 1000) / 1000,
    'issued', md5('crowd-certificate-' || n)::uuid
FROM generate_series($1::int, $2::int) AS n

-- name: certificates_of_certificates
-- Multiplied by what has no common divisor with 10^9: serials come in an order that reveals none.
-- Those that end soon were warned of it: the calendar has nothing to do, but looks.
INSERT INTO certificates (
    certificate_id, child_id, request_id, number, status, version, valid_from, valid_until, issued_at,
    warned_days
)
SELECT md5('crowd-certificate-' || n)::uuid, md5('crowd-child-' || n)::uuid,
    md5('crowd-request-' || n)::uuid, '99' || lpad((n * 387420489::bigint % 1000000000)::text, 9, '0') || '0',
    CASE WHEN n % 3 = 0 THEN 'pending_activation' ELSE 'active' END, 1 + (n % 3 > 0)::int,
    current_date - 44, current_date + 2 + n % 1500, now() - interval '44 days' * (n % 1000) / 1000,
    CASE WHEN n % 1500 < 10 THEN 7 WHEN n % 1500 < 35 THEN 30 WHEN n % 1500 < 95 THEN 90 END
FROM generate_series($1::int, $2::int) AS n

-- name: inbox_of_certificates
INSERT INTO inbox (source, event_id, digest, received_at)
SELECT '/crowd', md5('crowd-event-' || n)::uuid::text, sha256(int4send(n)),
    now() - interval '44 days' * (n % 1000) / 1000
FROM generate_series($1::int, $2::int) AS n

-- name: people_of_documents
INSERT INTO people (user_id, version, full_name, birth_date, school)
SELECT md5('crowd-child-' || n)::uuid, 1, 'Фамилия Имя' || n % 5000 || ' Отчество',
    current_date - 5500 - n % 365, 'Школа № ' || n % 10000
FROM generate_series($1::int, $2::int) AS n

-- name: credentials_of_documents
-- As long as a real row; nobody opens these.
INSERT INTO credentials (
    certificate_id, child_id, document_id, number, valid_from, valid_until, issued_on, state,
    version, template_version, sealed_values, sealed_key, digest, built_at, correlation_id
)
SELECT md5('crowd-certificate-' || n)::uuid, md5('crowd-child-' || n)::uuid,
    md5('crowd-document-' || n)::uuid, '99' || lpad((n * 387420489::bigint % 1000000000)::text, 9, '0') || '0',
    current_date - 44, current_date + 400 + n % 1000, current_date - 44, 'ready', 1, 'credentials-1',
    s.sealed, substr(s.sealed, 1, 60), substr(s.sealed, 1, 32), now(),
    md5('crowd-request-' || n)::uuid::text
FROM generate_series($1::int, $2::int) AS n,
    LATERAL (SELECT sha512(int4send(n)) || sha512(int4send(-n)) AS sealed) AS s

-- name: inbox_of_documents
INSERT INTO inbox (source, event_id, digest, received_at)
SELECT '/crowd', md5('crowd-event-' || n)::uuid::text, sha256(int4send(n)),
    now() - interval '44 days' * (n % 1000) / 1000
FROM generate_series($1::int, $2::int) AS n

-- name: desk
INSERT INTO people (user_id, version, roles, full_name, organization, authorized)
SELECT md5('crowd-staff-' || n)::uuid, 1, '{staff}', 'Сотрудник', 'crowd-school-' || n, true
FROM generate_series(1, 100) AS n

-- name: number_of
SELECT number FROM certificates WHERE certificate_id = ANY($1::uuid[])

-- name: references
SELECT c.conrelid::regclass::text AS relation, c.conname AS name, pg_get_constraintdef(c.oid) AS definition
FROM pg_constraint AS c WHERE c.contype = 'f' AND c.confrelid = $1::regclass

-- name: size
SELECT pg_database_size(current_database())

-- name: indexes
-- Of a table: the constraints first, an index of their own makes each.
SELECT i.indexrelid::regclass::text AS name, c.conname AS constraint_name,
    coalesce(pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid)) AS definition
FROM pg_index AS i LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
WHERE i.indrelid = $1::regclass
ORDER BY c.conname IS NULL, 1

-- name: scanned
SELECT relname AS name, seq_tup_read AS rows FROM pg_stat_user_tables
