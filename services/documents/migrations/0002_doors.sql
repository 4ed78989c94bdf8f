-- What the doors for applications, images, rotations and the portal must know.

ALTER TABLE people
    ADD COLUMN school text,  -- where the child learns, to print
    ADD COLUMN staff_of text;  -- the authorized organization whose employee this is

-- A certificate that is over gives out no documents. It may end before its document is built.
CREATE TABLE certificate_ends (
    certificate_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('annulled', 'expired')),
    ended_at timestamptz NOT NULL
);

-- Each new password of a certificate: who pressed, and what the press brought.
CREATE TABLE rotations (
    rotation_id uuid PRIMARY KEY,
    certificate_id uuid NOT NULL,
    user_id uuid NOT NULL,
    version int NOT NULL,
    digest bytea NOT NULL,
    rotated_at timestamptz NOT NULL,
    UNIQUE (certificate_id, version)
);

-- Every document is journalled, also one that belongs to no certificate yet.
ALTER TABLE downloads
    ADD COLUMN kind text NOT NULL DEFAULT 'credentials'
        CHECK (kind IN ('credentials', 'image', 'application', 'portal_account')),
    ADD COLUMN child_id uuid,
    ALTER COLUMN certificate_id DROP NOT NULL,
    ALTER COLUMN document_id DROP NOT NULL;
