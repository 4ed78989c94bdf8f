-- A history names the organization of staff. Null until identity tells of an employee again.
ALTER TABLE people ADD COLUMN organization_name text;
