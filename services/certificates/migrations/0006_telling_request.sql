-- Which request of a child tells most: of the living certificate, else the latest but for those that
-- were refused because there was a certificate. The page and the stream of its news both ask this.
CREATE FUNCTION telling_request(child uuid) RETURNS SETOF certificate_requests
LANGUAGE sql STABLE AS $$
    SELECT r.* FROM certificate_requests AS r
    LEFT JOIN certificates AS k ON k.request_id = r.request_id
        AND k.status IN ('pending_activation', 'active', 'suspended')
    WHERE r.child_id = child
    ORDER BY
        k.request_id IS NULL, 'already_has_certificate' = ANY(r.codes),
        r.requested_at DESC, r.request_id
    LIMIT 1
$$;
