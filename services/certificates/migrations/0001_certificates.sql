-- What the service decides with (a read model of identity's topics), and what it owns.

CREATE TABLE people (
    user_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    roles text[] NOT NULL DEFAULT '{}',
    full_name text,
    birth_date date,
    municipality text,
    enrolled_at text[] NOT NULL DEFAULT '{}',
    organization text,
    authorized boolean NOT NULL DEFAULT false,
    erased boolean NOT NULL DEFAULT false
);

CREATE TABLE child_links (
    parent_id uuid NOT NULL,
    child_id uuid NOT NULL,
    version bigint NOT NULL,
    linked boolean NOT NULL,
    PRIMARY KEY (parent_id, child_id)
);

CREATE TABLE certificate_requests (
    request_id uuid PRIMARY KEY,
    child_id uuid NOT NULL,
    requester_id uuid NOT NULL,
    requester_role text NOT NULL,
    requested_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'issued', 'refused')),
    certificate_id uuid,
    codes text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX requests_of_child ON certificate_requests (child_id, requested_at);

CREATE TABLE certificates (
    certificate_id uuid PRIMARY KEY,
    child_id uuid NOT NULL,
    request_id uuid NOT NULL UNIQUE,
    number text NOT NULL UNIQUE CHECK (number ~ '^[0-9]{10,12}$'),
    status text NOT NULL CHECK (
        status IN ('pending_activation', 'active', 'suspended', 'expired', 'annulled')
    ),
    version int NOT NULL CHECK (version > 0),
    valid_from date NOT NULL,
    valid_until date NOT NULL,
    issued_at timestamptz NOT NULL
);
-- One living certificate a child, whatever the code above believes.
CREATE UNIQUE INDEX one_living_certificate ON certificates (child_id)
    WHERE status IN ('pending_activation', 'active', 'suspended');
CREATE INDEX certificates_of_child ON certificates (child_id, issued_at);

-- Who changed a certificate, and what was checked.
CREATE TABLE changes (
    certificate_id uuid NOT NULL REFERENCES certificates,
    version int NOT NULL,
    kind text NOT NULL,
    actor_id uuid NOT NULL,
    organization text NOT NULL,
    checked_documents text[] NOT NULL DEFAULT '{}',
    consent boolean NOT NULL,
    comment text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (certificate_id, version)
);

-- Serial numbers run out rather than repeat; the key that hides their order lives beside them,
-- so that a restored backup continues the same series.
CREATE SEQUENCE number_serials MINVALUE 0 START 0 MAXVALUE 999999999 NO CYCLE CACHE 1;
CREATE TABLE number_key (key text NOT NULL);
INSERT INTO number_key SELECT gen_random_uuid()::text || gen_random_uuid()::text;
