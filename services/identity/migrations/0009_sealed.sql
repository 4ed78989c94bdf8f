-- Signing keys are sealed with ENCRYPTION_KEY: they are wrapped anew with it.
INSERT INTO sealed_columns VALUES ('signing_keys', 'kid', 'sealed', $$convert_to(kid, 'UTF8')$$);
