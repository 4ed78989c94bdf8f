-- Downloads are in the sealed journal like every other reading. As whom somebody read was not kept
-- before: it is taken from what is known of them now.
INSERT INTO journal (happened_at, actor_id, actor, action, subject, details)
SELECT d.downloaded_at, d.user_id,
    CASE
        WHEN d.kind = 'portal_account' THEN 'client'
        WHEN d.user_id = coalesce(d.child_id, c.child_id) THEN 'student'
        WHEN EXISTS (
            SELECT FROM child_links AS l
            WHERE l.parent_id = d.user_id AND l.child_id = coalesce(d.child_id, c.child_id)
        ) THEN 'parent'
        ELSE 'staff'
    END,
    'downloaded_' || d.kind,
    coalesce(d.child_id, c.child_id, d.certificate_id),
    concat_ws(', ', 'certificate ' || d.certificate_id, 'document ' || d.document_id)
FROM downloads AS d LEFT JOIN credentials AS c USING (certificate_id)
ORDER BY d.id;

DROP TABLE downloads;
