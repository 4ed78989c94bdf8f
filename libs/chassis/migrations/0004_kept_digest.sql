-- A broker that is set up anew uses its offsets again: another record at a known place is another
-- record. Rows from before have no digest.
ALTER TABLE quarantine ADD digest bytea NOT NULL DEFAULT '';
ALTER TABLE quarantine DROP CONSTRAINT quarantine_topic_partition_record_offset_key;
ALTER TABLE quarantine ADD UNIQUE (topic, partition, record_offset, digest);

ALTER TABLE parked ADD digest bytea NOT NULL DEFAULT '';
ALTER TABLE parked DROP CONSTRAINT parked_topic_partition_record_offset_key;
ALTER TABLE parked ADD UNIQUE (topic, partition, record_offset, digest);
