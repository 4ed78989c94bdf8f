-- name: save_people
INSERT INTO people AS t (
    user_id, version, roles, full_name, birth_date, municipality, enrolled_at, organization,
    authorized, organization_name
)
SELECT user_id, version, string_to_array(roles, ','), full_name, birth_date, municipality,
    ARRAY(SELECT jsonb_array_elements_text(enrolled_at::jsonb)), organization, authorized,
    organization_name
FROM unnest(
    $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::date[], $6::text[], $7::text[],
    $8::text[], $9::boolean[], $10::text[]
) AS n (
    user_id, version, roles, full_name, birth_date, municipality, enrolled_at, organization,
    authorized, organization_name
)
ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET
    version = excluded.version, roles = excluded.roles, full_name = excluded.full_name,
    birth_date = excluded.birth_date, municipality = excluded.municipality,
    enrolled_at = excluded.enrolled_at, organization = excluded.organization,
    authorized = excluded.authorized, organization_name = excluded.organization_name, erased = false
WHERE t.version < excluded.version

-- name: erase_people
WITH named AS (
    SELECT user_id FROM people WHERE user_id = ANY($1::uuid[]) AND full_name IS NOT NULL
)
INSERT INTO people AS t (user_id, version, erased)
SELECT user_id, coalesce(version, 0), true
FROM unnest($1::uuid[], $2::bigint[]) AS n (user_id, version) ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET
    version = greatest(t.version, excluded.version), roles = '{}', full_name = NULL,
    birth_date = NULL, municipality = NULL, enrolled_at = '{}', organization = NULL,
    organization_name = NULL, authorized = false, erased = true
WHERE excluded.version = 0 OR t.version < excluded.version  -- 0: a tombstone without a version
RETURNING user_id, user_id IN (SELECT user_id FROM named) AS was_named

-- name: erase_remarks
UPDATE changes AS h SET comment = '', checked_documents = '{}'
FROM certificates AS c
WHERE c.certificate_id = h.certificate_id AND c.child_id = ANY($1::uuid[])
    AND (h.comment <> '' OR h.checked_documents <> '{}')
RETURNING c.child_id

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
-- Each lookup has its LIMIT 1: so it goes by an index, one row at a time, and no plan reads a table.
SELECT
    c.user_id AS child_id, c.roles AS child_roles, c.birth_date, c.municipality, c.enrolled_at, c.erased AS child_erased,
    r.user_id AS requester_id, r.roles AS requester_roles, r.organization, r.erased AS requester_erased,
    l.linked, o.parent_id IS NOT NULL AS has_linked_child,
    k.certificate_id IS NOT NULL AS has_living_certificate, q.request_id AS open_request,
    s.status AS request_status, s.child_id AS request_child_id,
    region.module_enabled AS region_enabled, place.module_enabled AS municipality_enabled,
    coalesce(place.minimum_age, region.minimum_age) AS minimum_age,
    coalesce(place.validity, region.validity) AS validity
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY
    AS a (child_id, requester_id, request_id, place)
LEFT JOIN LATERAL (SELECT * FROM people WHERE user_id = a.child_id LIMIT 1) AS c ON true
LEFT JOIN LATERAL (SELECT * FROM people WHERE user_id = a.requester_id LIMIT 1) AS r ON true
LEFT JOIN LATERAL (
    SELECT linked FROM child_links
    WHERE parent_id = a.requester_id AND child_id = a.child_id LIMIT 1
) AS l ON true
LEFT JOIN LATERAL (
    SELECT o.parent_id FROM child_links AS o JOIN people AS p ON p.user_id = o.child_id
    WHERE o.parent_id = a.requester_id AND o.linked AND NOT p.erased AND 'student' = ANY(p.roles)
    LIMIT 1
) AS o ON true
LEFT JOIN LATERAL (
    SELECT certificate_id FROM certificates
    WHERE child_id = a.child_id AND status IN ('pending_activation', 'active', 'suspended') LIMIT 1
) AS k ON true
LEFT JOIN LATERAL (
    SELECT request_id FROM certificate_requests
    WHERE child_id = a.child_id AND status = 'pending'
        AND requested_at > now() - interval '10 minutes'  -- an older one was lost: ask again
    ORDER BY requested_at, request_id LIMIT 1
) AS q ON true
LEFT JOIN LATERAL (
    SELECT status, child_id FROM certificate_requests WHERE request_id = a.request_id LIMIT 1
) AS s ON true
LEFT JOIN rules AS region ON region.municipality = ''
LEFT JOIN rules AS place ON place.municipality = c.municipality
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

-- name: open_requests
INSERT INTO certificate_requests (
    request_id, child_id, requester_id, requester_role, requested_at, status
)
SELECT n.*, 'pending'
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[]) AS n
ON CONFLICT (request_id) DO NOTHING
RETURNING request_id

-- name: refuse_waiting
UPDATE certificate_requests SET status = 'refused', codes = ARRAY[$3::text]
WHERE (child_id, requester_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
    AND status = 'pending'
RETURNING *

-- name: children_of_requests
SELECT request_id, child_id FROM certificate_requests WHERE request_id = ANY($1::uuid[])

-- name: get_request
SELECT * FROM certificate_requests WHERE request_id = $1

-- name: told
SELECT k.certificate_id, k.number, k.status, k.valid_from, k.valid_until, k.issued_at,
    q.request_id, q.status AS request_status, q.requested_at,
    q.certificate_id AS request_certificate_id, q.codes,
    EXISTS (
        SELECT FROM consents AS g WHERE g.given_by = a.user_id AND g.child_id = a.child_id
            AND g.purpose = $3 AND g.withdrawn_at IS NULL
    ) AS agreed
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS a (user_id, child_id, place)
LEFT JOIN LATERAL (
    SELECT * FROM certificates AS o WHERE o.child_id = a.child_id
    ORDER BY o.issued_at DESC, o.certificate_id LIMIT 1
) AS k ON true
LEFT JOIN LATERAL telling_request(a.child_id) AS q ON true
ORDER BY a.place

-- name: find_by_number
SELECT k.*, p.full_name, p.birth_date
FROM certificates AS k LEFT JOIN people AS p ON p.user_id = k.child_id
WHERE k.number = $1

-- name: find_by_id
SELECT k.*, p.full_name, p.birth_date
FROM certificates AS k LEFT JOIN people AS p ON p.user_id = k.child_id
WHERE k.certificate_id = $1

-- name: lock_by_number
SELECT * FROM certificates WHERE number = $1 FOR UPDATE

-- name: employer
SELECT organization FROM people
WHERE user_id = $1 AND 'staff' = ANY(roles) AND authorized AND NOT erased

-- name: organizations_of
SELECT user_id, organization FROM people
WHERE user_id = ANY($1::uuid[]) AND 'staff' = ANY(roles) AND organization IS NOT NULL AND NOT erased

-- name: names_of_organizations
SELECT organization, max(organization_name) AS name FROM people
WHERE organization = ANY($1::text[]) AND organization_name IS NOT NULL GROUP BY organization

-- name: as_whom
-- LIMIT 1: as in load_facts.
SELECT CASE
    WHEN u.erased OR NOT 'student' = ANY(c.roles) THEN NULL  -- an adult has no page of their own
    WHEN a.user_id = a.child_id THEN 'student'
    WHEN l.parent_id IS NOT NULL THEN 'parent'
    WHEN 'staff' = ANY(u.roles) AND u.organization = ANY(c.enrolled_at) THEN 'staff'
END AS role
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS a (user_id, child_id, place)
LEFT JOIN LATERAL (SELECT * FROM people WHERE user_id = a.user_id LIMIT 1) AS u ON true
LEFT JOIN LATERAL (SELECT * FROM people WHERE user_id = a.child_id LIMIT 1) AS c ON true
LEFT JOIN LATERAL (
    SELECT parent_id FROM open_links WHERE parent_id = a.user_id AND child_id = a.child_id LIMIT 1
) AS l ON true
ORDER BY a.place

-- name: is_operator
SELECT EXISTS (
    SELECT FROM people WHERE user_id = $1 AND 'operator' = ANY(roles) AND NOT erased
)

-- name: find_people
SELECT k.*, p.full_name, p.birth_date, plain_name(p.full_name) AS sort_name
FROM certificates AS k JOIN people AS p ON p.user_id = k.child_id
WHERE NOT p.erased AND ($1::text IS NULL OR plain_name(p.full_name) COLLATE "C" LIKE $1)
    AND ($2::date IS NULL OR p.birth_date = $2) AND ($3::text IS NULL OR k.status = $3)
    AND ($5 OR p.enrolled_at @> ARRAY[$4::text])
    AND ($6::text IS NULL OR plain_name(p.full_name) COLLATE "C" >= $6)
    AND ($6::text IS NULL OR (plain_name(p.full_name) COLLATE "C", k.certificate_id) > ($6, $7::uuid))
ORDER BY plain_name(p.full_name) COLLATE "C", k.certificate_id
LIMIT $8

-- name: count_outside
SELECT count(*) FROM (
    SELECT FROM certificates AS k JOIN people AS p ON p.user_id = k.child_id
    WHERE NOT p.erased AND ($1::text IS NULL OR plain_name(p.full_name) COLLATE "C" LIKE $1)
        AND ($2::date IS NULL OR p.birth_date = $2) AND ($3::text IS NULL OR k.status = $3)
        AND NOT p.enrolled_at @> ARRAY[$4::text]
    LIMIT 100
) AS outside

-- name: lock_living
SELECT * FROM certificates
WHERE child_id = ANY($1::uuid[]) AND status IN ('pending_activation', 'active', 'suspended')
ORDER BY certificate_id FOR UPDATE

-- name: lock_due
SELECT * FROM certificates
WHERE status IN ('pending_activation', 'active', 'suspended') AND valid_until <= $1::date + 90
    AND (
        valid_until < $1 OR coalesce(warned_days, 91)
            > CASE WHEN valid_until <= $1 + 7 THEN 7 WHEN valid_until <= $1 + 30 THEN 30 ELSE 90 END
    )
ORDER BY valid_until LIMIT $2
FOR UPDATE SKIP LOCKED

-- name: save_status
UPDATE certificates AS t SET status = n.status, version = n.version
FROM unnest($1::uuid[], $2::text[], $3::int[]) AS n (certificate_id, status, version)
WHERE t.certificate_id = n.certificate_id AND t.version = n.version - 1

-- name: save_change
INSERT INTO changes (
    certificate_id, version, kind, actor_id, organization, checked_documents, consent, comment,
    reason, changed_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: save_warned
UPDATE certificates AS t SET warned_days = n.warned_days
FROM unnest($1::uuid[], $2::int[]) AS n (certificate_id, warned_days)
WHERE t.certificate_id = n.certificate_id

-- name: known_of_imported
SELECT p.user_id IS NOT NULL AS is_known, coalesce(p.erased, false) AS is_erased,
    coalesce('student' = ANY(p.roles), false) AS is_student,
    coalesce(cardinality(p.enrolled_at) > 0, false) AS is_enrolled,
    EXISTS (
        SELECT FROM certificates AS k WHERE k.child_id = n.child_id AND k.number <> n.number
            AND k.status IN ('pending_activation', 'active', 'suspended')
    ) AS has_living,
    p.birth_date, s.child_id AS same_child, s.status, s.valid_from, s.valid_until
FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS n (child_id, number, place)
LEFT JOIN people AS p ON p.user_id = n.child_id
LEFT JOIN certificates AS s ON s.number = n.number
ORDER BY n.place

-- name: save_imported
INSERT INTO certificates (
    certificate_id, child_id, request_id, number, status, version, valid_from, valid_until,
    issued_at
)
SELECT * FROM unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::date[], $8::date[],
    $9::timestamptz[]
) AS n (
    certificate_id, child_id, request_id, number, status, version, valid_from, valid_until,
    issued_at
)
ORDER BY number  -- two files with the same numbers wait for each other in one order
ON CONFLICT DO NOTHING
RETURNING certificate_id

-- name: rules
SELECT r.*, (
    SELECT count(*) FROM people AS p
    WHERE 'student' = ANY(p.roles) AND NOT p.erased AND r.municipality IN ('', p.municipality)
) AS children
FROM rules AS r ORDER BY r.municipality

-- name: save_rule
INSERT INTO rules (municipality, module_enabled, minimum_age, validity, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (municipality) DO UPDATE SET
    module_enabled = excluded.module_enabled, minimum_age = excluded.minimum_age,
    validity = excluded.validity, changed_by = excluded.changed_by,
    changed_at = excluded.changed_at

-- name: by_token
SELECT number, status, valid_from, valid_until FROM certificates WHERE certificate_id = $1

-- name: given_consent
SELECT c.given_at, c.text_version, t.text
FROM consents AS c LEFT JOIN consent_texts AS t USING (text_version)
WHERE c.child_id = $1 AND c.given_by = $2 AND c.purpose = $3 AND c.withdrawn_at IS NULL

-- name: keep_consent_text
INSERT INTO consent_texts (text_version, text) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- name: replace_consent
UPDATE consents SET withdrawn_at = $5, state = 'replaced'
WHERE child_id = $1 AND given_by = $2 AND purpose = $3 AND text_version <> $4
    AND withdrawn_at IS NULL

-- name: consented
SELECT given_by, child_id
FROM consents AS k JOIN unnest($1::uuid[], $2::uuid[]) AS a (given_by, child_id) USING (given_by, child_id)
WHERE k.purpose = $3 AND k.withdrawn_at IS NULL

-- name: give_consent
WITH given AS (
    INSERT INTO consents (consent_id, child_id, given_by, purpose, text_version, given_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING
    RETURNING consent_id
), withdrawn_before AS (
    UPDATE consents SET state = 'replaced'
    WHERE child_id = $2 AND given_by = $3 AND purpose = $4 AND state = 'withdrawn'
        AND EXISTS (SELECT FROM given)
)
SELECT consent_id FROM given

-- name: child_of_consent
SELECT child_id FROM consents WHERE consent_id = $1

-- name: withdraw_consent
UPDATE consents SET withdrawn_at = $4, state = CASE
    WHEN EXISTS (SELECT FROM people WHERE user_id = $1 AND erased) THEN 'erased' ELSE 'withdrawn'
END
WHERE child_id = $1 AND given_by = $2 AND purpose = $3 AND withdrawn_at IS NULL
RETURNING consent_id

-- name: consents_to_decide
SELECT c.consent_id, c.child_id, c.given_by, c.withdrawn_at, EXISTS (
    SELECT FROM consents AS o WHERE o.child_id = c.child_id AND o.state = 'given'
) AS another_stands, EXISTS (
    SELECT FROM people AS p WHERE p.user_id = c.given_by AND p.erased
) AS giver_erased
FROM consents AS c WHERE c.state = 'withdrawn' ORDER BY c.withdrawn_at, c.consent_id

-- name: keep_in_spite_of_withdrawal
UPDATE consents SET state = 'kept' WHERE consent_id = $1 AND state = 'withdrawn'
RETURNING child_id

-- name: lock_families
-- Arrays, not subqueries beside an OR: so it goes by the keys, however many people there are.
SELECT user_id FROM people
WHERE user_id = ANY($1::uuid[] || ARRAY(
    SELECT child_id FROM consents WHERE given_by = ANY($1) AND state = 'given'
))
ORDER BY user_id FOR NO KEY UPDATE

-- name: end_consents
UPDATE consents SET withdrawn_at = coalesce(withdrawn_at, $2),
    state = CASE WHEN child_id = ANY($1::uuid[]) THEN 'erased' ELSE 'withdrawn' END
WHERE consent_id = ANY(ARRAY(
    SELECT consent_id FROM consents WHERE child_id = ANY($1) AND state IN ('given', 'withdrawn')
    UNION ALL
    SELECT consent_id FROM consents WHERE given_by = ANY($1) AND state = 'given'
))
RETURNING child_id, given_by, withdrawn_at = $2 AS stood

-- name: watched
SELECT
    NOT EXISTS (SELECT FROM people AS e WHERE e.user_id = w.user_id AND e.erased)
    AND NOT EXISTS (
        SELECT FROM people AS e WHERE e.user_id = w.child_id AND NOT 'student' = ANY(e.roles)
    ) AND (
        w.user_id = w.child_id OR EXISTS (
            SELECT FROM open_links AS l
            WHERE l.parent_id = w.user_id AND l.child_id = w.child_id
        ) OR EXISTS (
            SELECT FROM people AS s JOIN people AS c ON s.organization = ANY(c.enrolled_at)
            WHERE s.user_id = w.user_id AND 'staff' = ANY(s.roles) AND NOT s.erased
                AND c.user_id = w.child_id
        )
    ) AS allowed,
    k.status, k.version, q.status AS request
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS w (user_id, child_id, place)
LEFT JOIN LATERAL (
    SELECT status, version FROM certificates AS o WHERE o.child_id = w.child_id
    ORDER BY issued_at DESC, certificate_id LIMIT 1
) AS k ON true
LEFT JOIN LATERAL telling_request(w.child_id) AS q ON true
ORDER BY w.place

-- name: lock_calendar
SELECT pg_try_advisory_xact_lock($1)

-- name: lock_request
SELECT * FROM certificate_requests WHERE request_id = $1 FOR UPDATE

-- name: lock_certificate
SELECT * FROM certificates WHERE certificate_id = $1 FOR UPDATE

-- name: changes_of
SELECT version, kind, organization, reason, changed_at FROM changes
WHERE certificate_id = $1 ORDER BY version

-- name: checked_papers
SELECT h.changed_at, h.actor_id, h.checked_documents
FROM changes AS h JOIN certificates AS k USING (certificate_id)
WHERE k.child_id = $1 AND h.kind = 'activated'

-- name: certificate_of_request
SELECT certificate_id FROM certificates WHERE request_id = $1

-- name: signed_in_person
SELECT 'parent' = ANY(roles) AS is_parent, erased FROM people WHERE user_id = $1

-- name: children_of
SELECT user_id AS child_id FROM people
WHERE user_id = $1 AND 'student' = ANY(roles) AND NOT erased
UNION ALL (
    SELECT c.user_id FROM open_links AS l JOIN people AS c ON c.user_id = l.child_id
    WHERE l.parent_id = $1 AND l.child_id <> $1 AND NOT c.erased AND 'student' = ANY(c.roles)
    ORDER BY c.user_id LIMIT $2
)

