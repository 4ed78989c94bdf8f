-- Requests that led to nothing, and consents that were withdrawn, are found by their age.
CREATE INDEX requests_to_forget ON certificate_requests (requested_at) WHERE status <> 'issued';
CREATE INDEX consents_to_forget ON consents (withdrawn_at);
