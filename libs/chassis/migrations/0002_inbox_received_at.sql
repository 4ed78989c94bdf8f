-- Old rows of the inbox are deleted in small batches; finding them must not read the table.
CREATE INDEX inbox_received_at ON inbox (received_at);
