-- Who is an operator, as identity's events tell it. Known ones come with identity's next event of them.
ALTER TABLE people ADD COLUMN is_operator boolean NOT NULL DEFAULT false;
