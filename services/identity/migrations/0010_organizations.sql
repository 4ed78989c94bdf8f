-- What is true of an organization is true for all who work there, and is said of each of them.

-- `by_operator`: an operator has said so, and SGO's words on it count no more. `to_spread`: employees
-- may carry what was true before. Those of each organization that is known so far are looked through.
ALTER TABLE organizations
    ADD COLUMN by_operator boolean NOT NULL DEFAULT false,
    ADD COLUMN to_spread boolean NOT NULL DEFAULT false;
UPDATE organizations SET to_spread = municipality IS NOT NULL;
CREATE INDEX organizations_to_spread ON organizations (id) WHERE to_spread;
CREATE INDEX users_of_organization ON users (organization, user_id) WHERE organization IS NOT NULL;
