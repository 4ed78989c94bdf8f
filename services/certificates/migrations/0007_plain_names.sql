-- Names are looked up as people type them: blanks are counted once, ё is е, capitals are letters.
-- In the plain collation one index serves the beginning of a name and the order of a page.
CREATE FUNCTION plain_name(full_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT replace(lower(regexp_replace(btrim(full_name), '\s+', ' ', 'g')), 'ё', 'е')
$$;
CREATE INDEX people_by_plain_name ON people (plain_name(full_name) COLLATE "C");
DROP INDEX people_by_name;
