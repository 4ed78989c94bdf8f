-- The tables that every service has: what it has seen, what it has yet to say, and what waits.

CREATE TABLE inbox (
    source text NOT NULL,
    event_id text NOT NULL,
    digest bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, event_id)
);

-- A row that exists is unsent. Ids of one key are in commit order because writers lock the
-- aggregate first and the sequence has no cache.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key text NOT NULL,
    value bytea,
    headers text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE outbox_sent (
    id bigint NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    value bytea,
    headers text NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (sent_at);
CREATE TABLE outbox_sent_rest PARTITION OF outbox_sent DEFAULT;

-- A record that no retry can apply, encrypted: it may hold personal data.
CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition int NOT NULL,
    record_offset bigint NOT NULL,
    reason text NOT NULL,
    record bytea NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT now(),
    dropped_at timestamptz,
    dropped_reason text,
    redriven_at timestamptz,
    UNIQUE (topic, partition, record_offset)
);

-- An event that waits for a fact. Tried again when `waits_for` arrives, decided at `deadline`.
CREATE TABLE parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition int NOT NULL,
    record_offset bigint NOT NULL,
    waits_for text NOT NULL,
    record bytea NOT NULL,
    attempts int NOT NULL DEFAULT 0,
    parked_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL,
    UNIQUE (topic, partition, record_offset)
);
CREATE INDEX parked_waits_for ON parked (waits_for);
CREATE INDEX parked_due_at ON parked (due_at);
