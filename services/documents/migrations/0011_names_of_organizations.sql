-- A history names the organization of staff: as its employees' events tell it.
CREATE INDEX people_by_employer ON people (works_at) WHERE works_at IS NOT NULL;
