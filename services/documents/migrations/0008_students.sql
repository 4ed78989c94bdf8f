-- A family is a student and who is linked to them. Null: of who was known before and is enrolled
-- nowhere it is not known until identity tells of them again; they are treated as before.
ALTER TABLE people ADD COLUMN IF NOT EXISTS student boolean;
UPDATE people SET student = true WHERE school IS NOT NULL;
