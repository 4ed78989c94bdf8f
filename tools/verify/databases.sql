-- name: outbox
SELECT 'outbox', topic, (extract(epoch FROM created_at) * 1000)::bigint, key, value, headers
FROM outbox

-- name: sent
SELECT id, topic, headers::json ->> 'ce_id' FROM outbox_sent

-- name: sent_rows
SELECT 'sent', topic, (extract(epoch FROM sent_at) * 1000)::bigint, key, value, headers
FROM outbox_sent WHERE id = ANY($1::bigint[])

-- name: kept
SELECT 'parked', id, topic, partition, record_offset, waits_for,
    (extract(epoch FROM parked_at) * 1000)::bigint, 'parked'
FROM parked
UNION ALL
SELECT 'quarantine', id, topic, partition, record_offset, reason,
    (extract(epoch FROM quarantined_at) * 1000)::bigint,
    CASE WHEN dropped_at IS NOT NULL THEN 'dropped' WHEN redriven_at IS NOT NULL THEN 'redriven'
        ELSE 'open' END
FROM quarantine

-- name: unsealed
SELECT id::text, (extract(epoch FROM happened_at) * 1000)::bigint FROM journal AS j
WHERE NOT EXISTS (SELECT FROM journal_links AS l WHERE l.id = j.id)

-- name: identity_fact
-- All versions may have been said, and the last one must; nothing but a tombstone of who is erased.
SELECT 'identity.users.v1', user_id::text, v, NULL, (v = version AND erased_at IS NULL)::int
FROM users, generate_series(1, version) AS v
UNION ALL
SELECT 'identity.child-links.v1', parent_id || ':' || child_id, v, NULL, (v = version)::int
FROM child_links, generate_series(1, version) AS v

-- name: identity_known
-- Of who is erased or merged, older news is not taken up any more.
SELECT 'sgo.users.v1', user_id::text,
    CASE WHEN erased_at IS NULL AND merged_into IS NULL THEN sgo_version ELSE 9e18::bigint END
FROM users
UNION ALL
SELECT 'sgo.child-links.v1', parent_id || ':' || child_id,
    CASE WHEN erased_at IS NULL THEN sgo_version ELSE 9e18::bigint END
FROM child_links

UNION ALL
SELECT 'erasures.v1', user_id || ':' || service, version FROM erasure_confirmations

-- name: identity_content
-- What each reader keeps of a user, as it keeps it. `person` is what the event said.
SELECT 'said', 'certificates', 'identity.users.v1', user_id::text, version,
    CASE WHEN erased_at IS NOT NULL THEN 'erased' ELSE md5(jsonb_build_array(
        ARRAY(SELECT unnest(roles) ORDER BY 1), full_name, birth_date, person ->> 'municipality',
        ARRAY(SELECT e ->> 'organization_id' FROM jsonb_array_elements(person -> 'enrolments') AS e
            ORDER BY 1),
        person #>> '{organization,id}', coalesce(person #>> '{organization,authorized}', 'false')
    )::text) END
FROM users
UNION ALL
SELECT 'said', 'documents', 'identity.users.v1', user_id::text, version,
    CASE WHEN erased_at IS NOT NULL THEN 'erased' ELSE md5(jsonb_build_array(
        full_name, birth_date, person #>> '{enrolments,0,name}',
        ARRAY(SELECT e ->> 'organization_id' FROM jsonb_array_elements(person -> 'enrolments') AS e
            ORDER BY 1),
        CASE WHEN 'staff' = ANY(roles) AND person #>> '{organization,authorized}' = 'true'
            THEN jsonb_build_array(person #> '{organization,id}', person #> '{organization,name}')
            END,
        'student' = ANY(roles), 'parent' = ANY(roles), 'operator' = ANY(roles)
    )::text) END
FROM users
UNION ALL
SELECT 'said', 'certificates', 'identity.child-links.v1', parent_id || ':' || child_id, version,
    linked::text
FROM child_links
UNION ALL
SELECT 'said', 'documents', 'identity.child-links.v1', parent_id || ':' || child_id, version,
    linked::text
FROM child_links

-- name: identity_unconfirmed
SELECT e.user_id::text, s, (extract(epoch FROM e.ordered_at) * 1000)::bigint
FROM erasures AS e CROSS JOIN unnest(ARRAY['certificates', 'documents']) AS s
WHERE NOT EXISTS (
    SELECT FROM erasure_confirmations AS c
    WHERE (c.user_id, c.version, c.service) = (e.user_id, e.version, s)
)

-- name: identity_gone
SELECT user_id::text, (merged_into IS NOT NULL)::int FROM users WHERE erased_at IS NOT NULL

-- name: certificates_fact
SELECT 'certificates.v1', certificate_id::text, 1, number, 1 FROM certificates
UNION ALL
SELECT 'certificates.v1', h.certificate_id::text, h.version, c.number, 1
FROM changes AS h JOIN certificates AS c USING (certificate_id)
UNION ALL
SELECT 'certificates.v1', request_id::text, 0, NULL, 1
FROM certificate_requests WHERE status = 'refused'
UNION ALL
SELECT 'certificates.requests.v1', request_id::text, 1, NULL, 1 FROM certificate_requests

-- name: certificates_known
SELECT 'identity.users.v1', user_id::text, version FROM people
UNION ALL
SELECT 'identity.child-links.v1', parent_id || ':' || child_id, version FROM child_links
UNION ALL
SELECT 'certificates.requests.v1', request_id::text, 1
FROM certificate_requests WHERE status <> 'pending'

-- name: certificates_content
SELECT 'kept', 'certificates', 'identity.users.v1', user_id::text, version,
    CASE WHEN erased THEN 'erased' ELSE md5(jsonb_build_array(
        ARRAY(SELECT unnest(roles) ORDER BY 1), full_name, birth_date, municipality,
        ARRAY(SELECT unnest(enrolled_at) ORDER BY 1), organization, authorized::text
    )::text) END
FROM people
UNION ALL
SELECT 'kept', 'certificates', 'identity.child-links.v1', parent_id || ':' || child_id, version,
    linked::text
FROM child_links

-- name: certificates_unconsented
-- The journal is sealed: a consent that it tells of has its row, also after it was withdrawn.
SELECT 'of ' || j.actor_id || ' for ' || j.subject || ' to ' || j.details
    || coalesce(', journal link ' || l.link, '')
FROM journal AS j LEFT JOIN journal_links AS l USING (id)
WHERE j.action = 'consented' AND NOT EXISTS (
    SELECT FROM consents AS c
    WHERE (c.child_id, c.given_by, c.text_version) = (j.subject, j.actor_id, j.details)
)

-- name: certificates_outlived
SELECT 'of ' || c.given_by || ' for ' || c.child_id, p.user_id::text
FROM consents AS c JOIN people AS p ON p.user_id IN (c.child_id, c.given_by)
WHERE c.state = 'given' AND p.erased

-- name: certificates_request
SELECT request_id::text, status, certificate_id::text FROM certificate_requests

-- name: certificates_certificate
SELECT certificate_id::text, child_id::text, request_id::text, number, version,
    (status IN ('pending_activation', 'active', 'suspended'))::int
FROM certificates

-- name: documents_fact
-- Of an erased child nothing need have been said yet.
SELECT 'documents.v1', certificate_id::text, v, NULL, (state <> 'erased' OR v > 1)::int
FROM credentials, generate_series(1, version) AS v

-- name: documents_known
SELECT 'identity.users.v1', user_id::text, version FROM people
UNION ALL
SELECT 'identity.child-links.v1', parent_id || ':' || child_id, version FROM child_links

-- name: documents_content
SELECT 'kept', 'documents', 'identity.users.v1', user_id::text, version,
    CASE WHEN erased THEN 'erased' ELSE md5(jsonb_build_array(
        full_name, birth_date, school, ARRAY(SELECT unnest(enrolled_at) ORDER BY 1),
        CASE WHEN works_at IS NOT NULL OR staff_of IS NOT NULL
            THEN jsonb_build_array(works_at, staff_of) END,
        student, parent, is_operator
    )::text) END
FROM people
WHERE erased OR parent IS NOT NULL  -- null: not told again since there is this column
UNION ALL
SELECT 'kept', 'documents', 'identity.child-links.v1', parent_id || ':' || child_id, version,
    linked::text
FROM child_links

-- name: documents_document
SELECT certificate_id::text, number, state FROM credentials
