-- Links are to stand beside the journal, so that nothing in it is ever changed (ADR 26). Those of before
-- are carried over while everybody works on; 0015 takes those that came meanwhile.
CREATE TABLE journal_links (
    link bigint PRIMARY KEY,
    id bigint NOT NULL UNIQUE,
    hash bytea NOT NULL
);
INSERT INTO journal_links SELECT link, id, hash FROM journal WHERE link IS NOT NULL ORDER BY link;
