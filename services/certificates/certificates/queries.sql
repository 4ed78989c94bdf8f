-- name: save_people
INSERT INTO people AS t (
    user_id, version, roles, full_name, birth_date, municipality, enrolled_at, organization,
    authorized
)
SELECT user_id, version, string_to_array(roles, ','), full_name, birth_date, municipality,
    ARRAY(SELECT jsonb_array_elements_text(enrolled_at::jsonb)), organization, authorized
FROM unnest(
    $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::date[], $6::text[], $7::text[],
    $8::text[], $9::boolean[]
) AS n (
    user_id, version, roles, full_name, birth_date, municipality, enrolled_at, organization,
    authorized
)
ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET
    version = excluded.version, roles = excluded.roles, full_name = excluded.full_name,
    birth_date = excluded.birth_date, municipality = excluded.municipality,
    enrolled_at = excluded.enrolled_at, organization = excluded.organization,
    authorized = excluded.authorized, erased = false
WHERE t.version < excluded.version

-- name: erase_people
INSERT INTO people AS t (user_id, version, erased)
SELECT user_id, coalesce(version, 0), true
FROM unnest($1::uuid[], $2::bigint[]) AS n (user_id, version) ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET
    version = greatest(t.version, excluded.version), roles = '{}', full_name = NULL,
    birth_date = NULL, municipality = NULL, enrolled_at = '{}', organization = NULL,
    authorized = false, erased = true
WHERE excluded.version = 0 OR t.version < excluded.version  -- 0: a tombstone without a version

-- name: save_links
INSERT INTO child_links AS t (parent_id, child_id, version, linked)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[])
    AS n (parent_id, child_id, version, linked)
ORDER BY parent_id, child_id
ON CONFLICT (parent_id, child_id) DO UPDATE
    SET version = excluded.version, linked = excluded.linked
WHERE t.version < excluded.version

-- name: lock_children
SELECT user_id FROM people WHERE user_id = ANY($1::uuid[]) ORDER BY user_id FOR NO KEY UPDATE

-- name: load_facts
SELECT
    c.user_id AS child_id, c.birth_date, c.municipality, c.enrolled_at, c.erased AS child_erased,
    r.user_id AS requester_id, r.organization, r.authorized, r.erased AS requester_erased,
    l.linked,
    EXISTS (SELECT FROM child_links AS o WHERE o.parent_id = a.requester_id AND o.linked)
        AS has_linked_child,
    EXISTS (
        SELECT FROM certificates AS k WHERE k.child_id = a.child_id
            AND k.status IN ('pending_activation', 'active', 'suspended')
    ) AS has_living_certificate,
    (
        SELECT q.request_id FROM certificate_requests AS q
        WHERE q.child_id = a.child_id AND q.status = 'pending'
            AND q.requested_at > now() - interval '10 minutes'  -- an older one was lost: ask again
        ORDER BY q.requested_at, q.request_id LIMIT 1
    ) AS open_request,
    s.status AS request_status, s.child_id AS request_child_id
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY
    AS a (child_id, requester_id, request_id, place)
LEFT JOIN people AS c ON c.user_id = a.child_id
LEFT JOIN people AS r ON r.user_id = a.requester_id
LEFT JOIN child_links AS l ON l.parent_id = a.requester_id AND l.child_id = a.child_id
LEFT JOIN certificate_requests AS s ON s.request_id = a.request_id
ORDER BY a.place

-- name: reserve_serials
SELECT nextval('number_serials') AS serial, key FROM number_key, generate_series(1, $1)

-- name: taken_numbers
SELECT number FROM certificates WHERE number = ANY($1::text[])

-- name: save_certificates
INSERT INTO certificates (
    certificate_id, child_id, request_id, number, status, version, valid_from, valid_until,
    issued_at
)
SELECT * FROM unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::date[], $8::date[],
    $9::timestamptz[]
)

-- name: save_answers
INSERT INTO certificate_requests AS t (
    request_id, child_id, requester_id, requester_role, requested_at, status, certificate_id, codes
)
SELECT request_id, child_id, requester_id, requester_role, requested_at, status, certificate_id,
    string_to_array(codes, ',')
FROM unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::uuid[],
    $8::text[]
) AS n (
    request_id, child_id, requester_id, requester_role, requested_at, status, certificate_id, codes
)
ON CONFLICT (request_id) DO UPDATE SET
    status = excluded.status, certificate_id = excluded.certificate_id, codes = excluded.codes
WHERE t.status = 'pending'

-- name: open_request
INSERT INTO certificate_requests (
    request_id, child_id, requester_id, requester_role, requested_at, status
)
VALUES ($1, $2, $3, $4, $5, 'pending')
ON CONFLICT (request_id) DO NOTHING
RETURNING request_id

-- name: get_request
SELECT * FROM certificate_requests WHERE request_id = $1

-- name: is_family
SELECT ($1::uuid = $2::uuid OR EXISTS (
    SELECT FROM child_links WHERE parent_id = $1 AND child_id = $2 AND linked
)) AND NOT EXISTS (SELECT FROM people WHERE user_id = $1 AND erased)

-- name: latest_certificate
SELECT * FROM certificates WHERE child_id = $1 ORDER BY issued_at DESC, certificate_id LIMIT 1

-- name: latest_request
SELECT * FROM certificate_requests WHERE child_id = $1
ORDER BY requested_at DESC, request_id LIMIT 1

-- name: find_by_number
SELECT k.*, p.full_name, p.birth_date
FROM certificates AS k LEFT JOIN people AS p ON p.user_id = k.child_id
WHERE k.number = $1

-- name: lock_by_number
SELECT * FROM certificates WHERE number = $1 FOR UPDATE

-- name: employer
SELECT organization FROM people
WHERE user_id = $1 AND 'staff' = ANY(roles) AND authorized AND NOT erased

-- name: save_status
UPDATE certificates SET status = $2, version = $3 WHERE certificate_id = $1 AND version = $3 - 1

-- name: save_change
INSERT INTO changes (
    certificate_id, version, kind, actor_id, organization, checked_documents, consent, comment,
    changed_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
