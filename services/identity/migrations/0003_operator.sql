-- What an operator does by hand: a login that was given here, and the keys of requests that create.

-- SGO's next state without a login leaves such a login as it is.
ALTER TABLE users ADD COLUMN own_login boolean;

-- `digest` is keyed with the service's secret: it tells another body, and tells nothing of it.
CREATE TABLE idempotency_keys (
    actor_id uuid NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    made_id uuid NOT NULL,
    used_at timestamptz NOT NULL,
    PRIMARY KEY (actor_id, key)
);
CREATE INDEX idempotency_keys_used_at ON idempotency_keys (used_at);
