-- With ten million children a surname alone has a hundred thousand. The desk reads its own school's
-- children and no others, and a page of all of them comes in the order of the index: in the plain
-- collation one index serves the beginning of a name and the order.
CREATE INDEX people_by_school ON people USING gin (enrolled_at);
DROP INDEX people_by_name;
CREATE INDEX people_by_name ON people (lower(full_name) COLLATE "C");
