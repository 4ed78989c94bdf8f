-- name: lock_users
SELECT user_id, sgo_version, version, login, own_login, erased_at, merged_into FROM users
WHERE user_id = ANY($1::uuid[]) ORDER BY user_id FOR UPDATE

-- name: lock_whole_users
SELECT * FROM users WHERE user_id = ANY($1::uuid[]) ORDER BY user_id FOR UPDATE

-- name: lock_new_users
SELECT pg_advisory_xact_lock(hashtextextended(u::text, 1))
FROM (SELECT DISTINCT unnest($1::uuid[]) AS u ORDER BY 1) AS n

-- name: taken_logins
SELECT lower(login) AS login, user_id FROM users WHERE lower(login) = ANY($1::text[])

-- name: name_organizations
INSERT INTO organizations (id, kind, name, changed_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
    AS n (id, kind, name, changed_at)
ORDER BY id
ON CONFLICT (id) DO NOTHING

-- name: lock_organizations
SELECT * FROM organizations WHERE id = ANY($1::text[]) AND municipality IS NOT NULL
ORDER BY id FOR UPDATE

-- name: save_organizations
UPDATE organizations AS t SET
    kind = n.kind, name = n.name, municipality = n.municipality, authorized = n.authorized,
    changed_at = n.changed_at, by_operator = n.by_operator,
    to_spread = t.to_spread OR (t.kind, t.name, t.municipality, t.authorized)
        IS DISTINCT FROM (n.kind, n.name, n.municipality, n.authorized)
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::timestamptz[], $7::boolean[]
) AS n (id, kind, name, municipality, authorized, changed_at, by_operator)
WHERE t.id = n.id

-- name: organizations_page
SELECT o.*, (
    SELECT count(*) FROM users AS u WHERE u.organization = o.id AND u.erased_at IS NULL
) AS employees
FROM organizations AS o
WHERE o.id > $1 AND ($2::boolean IS NULL OR o.authorized = $2)
ORDER BY o.id LIMIT $3

-- name: organization_card
SELECT o.*, (
    SELECT count(*) FROM users AS u WHERE u.organization = o.id AND u.erased_at IS NULL
) AS employees
FROM organizations AS o WHERE o.id = $1

-- name: employees_behind
SELECT u.user_id FROM organizations AS o JOIN users AS u ON u.organization = o.id
WHERE o.to_spread AND u.erased_at IS NULL AND NOT u.person -> 'organization' @> jsonb_build_object(
    'kind', o.kind, 'name', o.name, 'municipality', o.municipality, 'authorized', o.authorized
)
ORDER BY u.user_id LIMIT $1

-- name: lock_spread
SELECT id FROM organizations WHERE to_spread ORDER BY id FOR UPDATE

-- name: all_are_told
UPDATE organizations AS o SET to_spread = false
WHERE o.to_spread AND NOT EXISTS (
    SELECT FROM users AS u WHERE u.organization = o.id AND u.erased_at IS NULL
        AND NOT u.person -> 'organization' @> jsonb_build_object(
            'kind', o.kind, 'name', o.name, 'municipality', o.municipality,
            'authorized', o.authorized
        )
)

-- name: save_users
INSERT INTO users AS t (
    user_id, sgo_user_id, sgo_version, version, login, roles, person, full_name, birth_date,
    organization, own_login
)
SELECT user_id, sgo_user_id, sgo_version, version, login, string_to_array(roles, ','),
    person::jsonb, full_name, birth_date, organization, own_login
FROM unnest(
    $1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::date[], $10::text[], $11::boolean[]
) AS n (
    user_id, sgo_user_id, sgo_version, version, login, roles, person, full_name, birth_date,
    organization, own_login
)
ON CONFLICT (user_id) DO UPDATE SET
    sgo_version = excluded.sgo_version, version = excluded.version, login = excluded.login,
    roles = excluded.roles, person = excluded.person, full_name = excluded.full_name,
    birth_date = excluded.birth_date, organization = excluded.organization, erased_at = NULL,
    own_login = coalesce(
        excluded.own_login, t.own_login AND t.login IS NOT DISTINCT FROM excluded.login
    )
WHERE t.version < excluded.version

-- name: give_logins
UPDATE users SET login = n.login
FROM unnest($1::uuid[], $2::text[]) AS n (user_id, login)
WHERE users.user_id = n.user_id AND users.login IS NULL AND users.erased_at IS NULL

-- name: erase_users
UPDATE users SET login = NULL, roles = '{}', person = NULL, full_name = NULL, birth_date = NULL,
    organization = NULL, version = version + 1, erased_at = n.erased_at
FROM unnest($1::uuid[], $2::timestamptz[]) AS n (user_id, erased_at)
WHERE users.user_id = n.user_id AND users.erased_at IS NULL
RETURNING users.user_id, users.version

-- name: mark_erased
INSERT INTO users AS t (user_id, sgo_user_id, version, erased_at)
SELECT user_id, sgo_user_id, 1, erased_at
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS n (user_id, sgo_user_id, erased_at)
ON CONFLICT (user_id) DO UPDATE SET erased_at = excluded.erased_at
WHERE t.erased_at < excluded.erased_at

-- name: erase_passwords
DELETE FROM passwords WHERE user_id = ANY($1::uuid[]) RETURNING user_id

-- name: save_erasures
INSERT INTO erasures (erasure_id, user_id, version, reason, ordered_by, ordered_at)
SELECT erasure_id, user_id, version, $4, $5, ordered_at
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $6::timestamptz[])
    AS n (erasure_id, user_id, version, ordered_at)

-- name: save_confirmations
INSERT INTO erasure_confirmations (user_id, version, service, counts, erased_at)
SELECT user_id, version, service, counts::jsonb, erased_at
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[])
    AS n (user_id, version, service, counts, erased_at)
ON CONFLICT DO NOTHING

-- name: erasure
SELECT * FROM erasures WHERE erasure_id = $1

-- name: latest_erasure
SELECT * FROM erasures WHERE user_id = $1 ORDER BY version DESC LIMIT 1

-- name: confirmations
SELECT service, counts, erased_at FROM erasure_confirmations
WHERE user_id = $1 AND version = $2 ORDER BY erased_at, service

-- name: lock_links
SELECT l.* FROM child_links AS l
JOIN unnest($1::uuid[], $2::uuid[]) AS n (parent_id, child_id) USING (parent_id, child_id)
ORDER BY parent_id, child_id FOR UPDATE OF l

-- name: save_links
INSERT INTO child_links AS t (parent_id, child_id, sgo_version, version, linked, erased_at)
SELECT * FROM unnest(
    $1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::boolean[], $6::timestamptz[]
) AS n (parent_id, child_id, sgo_version, version, linked, erased_at)
ON CONFLICT (parent_id, child_id) DO UPDATE SET
    sgo_version = excluded.sgo_version, version = excluded.version, linked = excluded.linked,
    erased_at = excluded.erased_at
WHERE t.sgo_version <= excluded.sgo_version

-- name: is_operator
SELECT 'operator' = ANY(roles) FROM users WHERE user_id = $1 AND erased_at IS NULL

-- name: claim_key
INSERT INTO idempotency_keys (actor_id, key, digest, made_id, used_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (actor_id, key) DO NOTHING RETURNING key

-- name: claimed_key
SELECT digest, made_id FROM idempotency_keys WHERE actor_id = $1 AND key = $2

-- name: credentials
SELECT u.user_id, u.roles, u.organization, p.hash, p.must_change, p.set_at, c.scopes
FROM users AS u JOIN passwords AS p USING (user_id) LEFT JOIN clients AS c USING (user_id)
WHERE lower(u.login) = lower($1) AND u.erased_at IS NULL

-- name: user
SELECT * FROM users WHERE user_id = $1 AND erased_at IS NULL

-- name: children
SELECT u.user_id, u.full_name, u.birth_date
FROM child_links AS l JOIN users AS u ON u.user_id = l.child_id
    JOIN users AS p ON p.user_id = l.parent_id
WHERE l.parent_id = $1 AND l.linked AND 'parent' = ANY(p.roles)
    AND u.erased_at IS NULL AND 'student' = ANY(u.roles)
ORDER BY u.birth_date, u.full_name

-- name: organization
SELECT id, kind, name, authorized FROM organizations WHERE id = $1

-- name: by_logins
SELECT user_id, lower(login) AS login FROM users
WHERE lower(login) = ANY($1::text[]) AND erased_at IS NULL

-- name: save_passwords
INSERT INTO passwords (user_id, hash, set_at, must_change)
SELECT user_id, hash, $3, $4 FROM unnest($1::uuid[], $2::text[]) AS n (user_id, hash)
ON CONFLICT (user_id) DO UPDATE SET
    hash = excluded.hash, set_at = excluded.set_at, must_change = excluded.must_change

-- name: password_of
SELECT u.login, p.hash, p.must_change, p.set_at
FROM users AS u JOIN passwords AS p USING (user_id)
WHERE u.user_id = $1 AND u.login IS NOT NULL AND u.erased_at IS NULL

-- name: replace_password
UPDATE passwords SET hash = $3, set_at = $4, must_change = false WHERE user_id = $1 AND hash = $2
RETURNING user_id

-- name: save_client
INSERT INTO clients (user_id, scopes) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE SET scopes = excluded.scopes

-- name: lock_subjects
SELECT pg_advisory_xact_lock(hashtextextended(encode(s, 'hex'), 2))
FROM (SELECT unnest($1::bytea[]) AS s ORDER BY 1) AS n

-- name: tries
SELECT * FROM sign_in_tries WHERE subject = ANY($1::bytea[])

-- name: save_tries
INSERT INTO sign_in_tries (subject, tries, in_flight, last_at, open_at)
SELECT * FROM unnest($1::bytea[], $2::float8[], $3::int[], $4::timestamptz[], $5::timestamptz[])
ON CONFLICT (subject) DO UPDATE SET
    tries = excluded.tries, in_flight = excluded.in_flight, last_at = excluded.last_at, open_at = excluded.open_at

-- name: forget_tries
DELETE FROM sign_in_tries WHERE subject = ANY($1::bytea[])

-- name: lock_keys
SELECT pg_advisory_xact_lock(7038837)

-- name: keys
SELECT kid, place, sealed, public FROM signing_keys
WHERE place <> 'retired' OR published_until > $1
ORDER BY created_at

-- name: save_key
INSERT INTO signing_keys (kid, place, sealed, public, created_at) VALUES ($1, $2, $3, $4, $5)

-- name: retire_key
UPDATE signing_keys SET place = 'retired', published_until = $1 WHERE place = 'current'

-- name: withdraw_keys
UPDATE signing_keys SET place = 'retired', published_until = $1
WHERE place <> 'retired' OR published_until > $1

-- name: promote_key
UPDATE signing_keys SET place = 'current' WHERE place = 'next'

-- name: roles_of
SELECT user_id, roles FROM users WHERE user_id = ANY($1::uuid[]) AND erased_at IS NULL

-- name: merged
SELECT user_id FROM users WHERE user_id = ANY($1::uuid[]) AND merged_into IS NOT NULL

-- name: mark_merged
UPDATE users SET merged_into = $2 WHERE user_id = $1 OR merged_into = $1

-- name: links_of
SELECT parent_id, child_id FROM child_links WHERE linked AND (parent_id = $1 OR child_id = $1)
ORDER BY parent_id, child_id

-- name: copy_password
INSERT INTO passwords (user_id, hash, set_at, must_change)
SELECT $2, hash, set_at, must_change FROM passwords WHERE user_id = $1
ON CONFLICT (user_id) DO UPDATE SET
    hash = excluded.hash, set_at = excluded.set_at, must_change = excluded.must_change
