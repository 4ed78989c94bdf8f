-- With ten million children a surname alone has a hundred thousand: the desk reads its own school's
-- children and no others.
CREATE INDEX people_by_school ON people USING gin (enrolled_at);
