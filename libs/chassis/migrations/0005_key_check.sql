-- Something sealed with the service's ENCRYPTION_KEY at its first start: at each later start it
-- must open, before anything else is sealed with a wrong one.
CREATE TABLE key_check (
    one bool PRIMARY KEY DEFAULT true CHECK (one),
    sealed bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
