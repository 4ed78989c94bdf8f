-- Whose record it is, without opening it: a digest of the record's key. So that what is kept of a
-- person who is erased can be found. Rows from before have none; they go by their retention.
ALTER TABLE quarantine ADD COLUMN key_digest bytea;
ALTER TABLE parked ADD COLUMN key_digest bytea;
CREATE INDEX quarantine_key_digest ON quarantine (key_digest);
