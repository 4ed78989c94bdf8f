-- Who there is, who belongs to whom, and the keys that tokens are signed with.

CREATE TABLE organizations (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('school', 'kindergarten', 'additional_education')),
    name text NOT NULL,
    municipality text,
    authorized boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL
);

-- `sgo_version` is SGO's count of changes, `version` ours. An erased user keeps id and counts only.
CREATE TABLE users (
    user_id uuid PRIMARY KEY,
    sgo_user_id text UNIQUE,
    sgo_version bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    login text,
    roles text[] NOT NULL DEFAULT '{}',
    person jsonb,
    full_name text,
    birth_date date,
    organization text,
    erased_at timestamptz
);
CREATE UNIQUE INDEX one_login ON users (lower(login));

-- A link may come before its users: no foreign key.
CREATE TABLE child_links (
    parent_id uuid NOT NULL,
    child_id uuid NOT NULL,
    sgo_version bigint NOT NULL,
    version bigint NOT NULL,
    linked boolean NOT NULL,
    PRIMARY KEY (parent_id, child_id)
);
CREATE INDEX links_of_child ON child_links (child_id);

CREATE TABLE passwords (
    user_id uuid PRIMARY KEY REFERENCES users,
    hash text NOT NULL,
    set_at timestamptz NOT NULL
);

-- The private part is sealed with the service's key. `published_until` is set when a key retires.
CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    place text NOT NULL CHECK (place IN ('current', 'next', 'retired')),
    sealed bytea NOT NULL,
    public jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    published_until timestamptz
);
CREATE UNIQUE INDEX one_key_a_place ON signing_keys (place) WHERE place <> 'retired';
