-- Who was erased, why and by whose order, and what each service says it has destroyed.

-- `version` is the tombstone's. `ordered_by` is null where SGO erased the record.
CREATE TABLE erasures (
    erasure_id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    reason text NOT NULL,
    ordered_by uuid,
    ordered_at timestamptz NOT NULL,
    UNIQUE (user_id, version)
);
CREATE INDEX erasures_ordered_at ON erasures (ordered_at);

CREATE TABLE erasure_confirmations (
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    service text NOT NULL,
    counts jsonb NOT NULL,
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, version, service)
);
CREATE INDEX erasure_confirmations_erased_at ON erasure_confirmations (erased_at);
