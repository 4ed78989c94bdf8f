-- Staff see a child of their own organization without saying why. Null until identity tells of a
-- person again: whose organizations are not known here is nobody's own, and who is enrolled nowhere is
-- treated by their family as before.
ALTER TABLE people
    ADD COLUMN student boolean,
    ADD COLUMN enrolled_at text[],  -- ids of the organizations where the child learns
    ADD COLUMN works_at text;  -- the id of the authorized organization whose employee this is
UPDATE people SET student = true WHERE school IS NOT NULL;
