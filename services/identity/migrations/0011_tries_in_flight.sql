-- Passwords that are being looked at: not wrong until they are, and no more at once than may be wrong.
ALTER TABLE sign_in_tries ADD COLUMN in_flight int NOT NULL DEFAULT 0;
