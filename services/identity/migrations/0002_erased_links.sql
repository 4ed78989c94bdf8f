-- A link that SGO erased, known before or not: what was said until then does not bring it back.
ALTER TABLE child_links ADD COLUMN erased_at timestamptz;
