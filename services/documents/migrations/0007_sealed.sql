-- Each document's data key is sealed with ENCRYPTION_KEY: it is wrapped anew, what it opens is not.
INSERT INTO sealed_columns
VALUES ('credentials', 'certificate_id', 'sealed_key', $$uuid_send(document_id)$$);
