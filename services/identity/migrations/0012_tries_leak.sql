-- Wrong tries leak away: a part of one may be left.
ALTER TABLE sign_in_tries ALTER COLUMN tries TYPE double precision;
