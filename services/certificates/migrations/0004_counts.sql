-- What was asked and what became of it, as a metric; the oldest request without an answer is found
-- by its own index, however many have one.
SELECT count_by('certificate_requests', 'status');
SELECT count_by('certificates', 'status');
CREATE INDEX requests_pending ON certificate_requests (requested_at) WHERE status = 'pending';
