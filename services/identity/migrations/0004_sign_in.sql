-- Throttling, passwords that must be changed, and machine clients.

-- `subject` is a keyed digest: neither logins nor addresses are kept. A row is deleted after a day.
CREATE TABLE sign_in_tries (
    subject bytea PRIMARY KEY,
    tries int NOT NULL,
    last_at timestamptz NOT NULL,
    open_at timestamptz NOT NULL
);
CREATE INDEX sign_in_tries_last_at ON sign_in_tries (last_at);

ALTER TABLE passwords ADD COLUMN must_change boolean NOT NULL DEFAULT false;

-- What a machine client may do; its secret is its password.
CREATE TABLE clients (
    user_id uuid PRIMARY KEY REFERENCES users,
    scopes text[] NOT NULL
);
