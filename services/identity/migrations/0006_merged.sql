-- Two records of one person: the duplicate is erased and says who it was found to be.
ALTER TABLE users ADD COLUMN merged_into uuid REFERENCES users;
CREATE INDEX users_merged_into ON users (merged_into) WHERE merged_into IS NOT NULL;
