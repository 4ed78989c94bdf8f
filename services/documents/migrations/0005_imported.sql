-- Of a certificate that another system issued nothing is built, until its family asks for a new
-- password; so nothing has been said of it either.
ALTER TABLE credentials
    DROP CONSTRAINT credentials_state_check,
    ADD CONSTRAINT credentials_state_check
        CHECK (state IN ('ready', 'failed', 'erased', 'imported')),
    DROP CONSTRAINT credentials_version_check,
    ADD CONSTRAINT credentials_version_check CHECK (version > 0 OR state IN ('imported', 'erased'));
