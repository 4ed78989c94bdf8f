-- Names to print and who may download (a read model of identity's topics), and what was built.

CREATE TABLE people (
    user_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    full_name text,
    birth_date date,
    erased boolean NOT NULL DEFAULT false
);

CREATE TABLE child_links (
    parent_id uuid NOT NULL,
    child_id uuid NOT NULL,
    version bigint NOT NULL,
    linked boolean NOT NULL,
    PRIMARY KEY (parent_id, child_id)
);

-- One row a certificate. No document is stored: `sealed_values` are what it says, under a data key
-- of their own (`sealed_key`); with the template they give the same bytes again (`digest`).
CREATE TABLE credentials (
    certificate_id uuid PRIMARY KEY,
    child_id uuid NOT NULL,
    document_id uuid NOT NULL UNIQUE,
    number text NOT NULL UNIQUE,
    valid_from date NOT NULL,
    valid_until date NOT NULL,
    issued_on date NOT NULL,
    state text NOT NULL CHECK (state IN ('ready', 'failed', 'erased')),
    version int NOT NULL CHECK (version > 0),
    template_version text,
    sealed_values bytea,
    sealed_key bytea,
    digest bytea,
    built_at timestamptz,
    reason text,
    attempts int NOT NULL DEFAULT 0,
    retry_at timestamptz,
    correlation_id text NOT NULL,
    traceparent text,
    CHECK (state <> 'ready' OR (sealed_values IS NOT NULL AND sealed_key IS NOT NULL
        AND digest IS NOT NULL AND template_version IS NOT NULL AND built_at IS NOT NULL)),
    CHECK (state <> 'failed' OR (reason IS NOT NULL AND retry_at IS NOT NULL))
);
CREATE INDEX credentials_of_child ON credentials (child_id);
CREATE INDEX credentials_to_retry ON credentials (retry_at) WHERE state = 'failed';

-- Who downloaded what, and when.
CREATE TABLE downloads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    certificate_id uuid NOT NULL,
    document_id uuid NOT NULL,
    user_id uuid NOT NULL,
    downloaded_at timestamptz NOT NULL
);
