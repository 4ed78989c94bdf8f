-- A check's first column is the line that is shown. What follows are the words for its cure, NULL
-- where this gap has none: see cures.py. Of `untrue` it is the place and mark by which somebody may know it.

-- name: tables
CREATE TABLE topic (name TEXT PRIMARY KEY, cut INTEGER, compacted INTEGER, since INTEGER);
CREATE TABLE event (
    topic TEXT, partition INTEGER, record_offset INTEGER, at INTEGER,
    kind TEXT, id TEXT, about TEXT, version INTEGER, number TEXT, digest INTEGER
);
CREATE TABLE foreign_record (topic TEXT, partition INTEGER, record_offset INTEGER, mark TEXT);
-- What is on its way to a topic, and what was sent and is not there.
CREATE TABLE way (
    place TEXT, topic TEXT, at INTEGER, kind TEXT, id TEXT, about TEXT, version INTEGER,
    number TEXT, digest INTEGER, service TEXT
);
CREATE TABLE sent (service TEXT, row_id INTEGER, topic TEXT, id TEXT);
CREATE TABLE kept (
    service TEXT, shelf TEXT, id INTEGER, topic TEXT, partition INTEGER, record_offset INTEGER,
    reason TEXT, at INTEGER, state TEXT
);
CREATE TABLE unsealed (service TEXT, id TEXT, at INTEGER);
CREATE TABLE broken (service TEXT, link INTEGER);
CREATE TABLE fact (topic TEXT, about TEXT, version INTEGER, number TEXT, must INTEGER);
CREATE TABLE known (service TEXT, topic TEXT, about TEXT, version INTEGER);
CREATE TABLE content (
    side TEXT, reader TEXT, topic TEXT, about TEXT, version INTEGER, digest TEXT
);
CREATE TABLE unconsented (line TEXT);
CREATE TABLE outlived (line TEXT, user_id TEXT);
CREATE TABLE unconfirmed (user_id TEXT, service TEXT, at INTEGER);
CREATE TABLE gone (user_id TEXT PRIMARY KEY, merged INTEGER);
CREATE TABLE request (request_id TEXT, status TEXT, certificate_id TEXT);
CREATE TABLE certificate (
    certificate_id TEXT, child_id TEXT, request_id TEXT, number TEXT, version INTEGER,
    living INTEGER
);
CREATE TABLE document (certificate_id TEXT, number TEXT, state TEXT);

-- name: event_id
CREATE INDEX event_id ON event (topic, id, digest)

-- name: not_there
SELECT row_id FROM sent AS s WHERE s.service = :service AND NOT EXISTS (
    SELECT 1 FROM event AS e WHERE e.topic = s.topic AND e.id = s.id)

-- name: indexes
CREATE INDEX event_about ON event (topic, about, version, id);
CREATE INDEX foreign_place ON foreign_record (topic, partition, record_offset);
CREATE INDEX way_about ON way (topic, about, version);
CREATE INDEX kept_place ON kept (topic, partition, record_offset);
CREATE INDEX fact_about ON fact (topic, about, version);
CREATE INDEX known_about ON known (service, topic, about);
CREATE INDEX content_about ON content (side, reader, topic, about);
CREATE INDEX request_id ON request (request_id);
CREATE INDEX certificate_request ON certificate (request_id);
CREATE INDEX certificate_id ON certificate (certificate_id);
CREATE INDEX document_id ON document (certificate_id)

-- name: topics
SELECT topic, count(*) FROM event GROUP BY topic ORDER BY topic

-- name: requested
SELECT printf('requests: %d on both lanes, %d issued, %d refused, %d waiting',
    (SELECT count(DISTINCT about) FROM event WHERE topic LIKE 'certificates.requests.%'),
    sum(status = 'issued'), sum(status = 'refused'), sum(status = 'pending')) FROM request

-- name: unanswered
-- Its certificate tells the answer, or its refusal. One that was told of a certificate that is not
-- there must not be decided once more: it would get another number.
SELECT 'request ' || coalesce(u.about, u.kind) || ' at ' || u.place || ', for ' || u.s || ' s',
    CASE WHEN c.certificate_id IS NOT NULL OR a.version = 0 THEN 'answer'
        WHEN u.about IS NOT NULL AND a.version IS NULL THEN 'hear' END,
    u.place, CASE WHEN c.certificate_id IS NULL AND a.version = 0
        THEN a.topic || ':' || a.partition || ':' || a.record_offset END
FROM (
    SELECT about, kind, topic || ':' || partition || ':' || record_offset AS place,
        (:now - at) / 1000 AS s, topic, partition, record_offset
    FROM event WHERE topic LIKE 'certificates.requests.%'
        AND abs(:now - at) > :young
        AND NOT EXISTS (SELECT 1 FROM known AS k WHERE k.service = 'certificates'
            AND k.topic = 'certificates.requests.v1' AND k.about = event.about)
) AS u
LEFT JOIN certificate AS c ON c.request_id = u.about
LEFT JOIN event AS a ON a.rowid = (SELECT min(rowid) FROM event
    WHERE topic = 'certificates.v1'
        AND (about, version) IN (VALUES (u.about, 0), (certificate_of(u.about), 1)))
WHERE NOT EXISTS (SELECT 1 FROM kept AS q WHERE q.topic = u.topic AND q.partition = u.partition
    AND q.record_offset = u.record_offset AND q.service = 'certificates' AND q.state <> 'redriven')

-- name: unheard
-- The latest that is on the topic about each aggregate, of which the reader does not know.
SELECT u.kind || ' ' || coalesce(u.about || ' version ' || u.version, '(unreadable)')
    || ' at ' || u.topic || ':' || u.partition || ':' || u.record_offset,
    CASE WHEN u.about IS NOT NULL AND u.kind <> 'tombstone'
        THEN u.topic || ':' || u.partition || ':' || u.record_offset END
FROM (
    SELECT topic, about, kind, max(version) AS version, partition, record_offset, at
    FROM event WHERE topic = :topic AND about IS NOT NULL GROUP BY about
    UNION ALL
    SELECT topic, about, kind, version, partition, record_offset, at
    FROM event WHERE topic = :topic AND about IS NULL
) AS u
WHERE abs(:now - u.at) > :young
    AND NOT EXISTS (SELECT 1 FROM known AS k WHERE k.service = :service AND k.topic = :topic
        AND k.about = u.about AND k.version >= u.version)
    AND NOT EXISTS (SELECT 1 FROM kept AS q WHERE q.service = :service AND q.topic = :topic
        AND q.partition = u.partition AND q.record_offset = u.record_offset
        AND q.state <> 'redriven')
    AND NOT EXISTS (SELECT 1 FROM gone AS g
        WHERE g.merged AND g.user_id IN (substr(u.about, 1, 36), substr(u.about, 38)))

-- name: altered
-- The same version has the same content, wherever it is kept.
SELECT k.about || ' version ' || k.version
FROM content AS k JOIN content AS s ON s.side = 'said' AND s.reader = k.reader
    AND s.topic = k.topic AND s.about = k.about AND s.version = k.version
WHERE k.side = 'kept' AND k.reader = :service AND k.topic = :topic AND k.digest <> s.digest

-- name: unconsented
SELECT line FROM unconsented

-- name: outlived
-- Whom identity does not know as erased is not healed: the mark of it may be what is wrong.
SELECT line || ', ' || user_id || ' is erased',
    (SELECT g.user_id FROM gone AS g WHERE g.user_id = o.user_id)
FROM outlived AS o

-- name: unsaid
-- Where the topic's beginning was deleted, only what follows on something that is still there.
-- A request came on one of two lanes.
SELECT f.about || ' version ' || f.version, f.topic, f.about, f.version
FROM fact AS f JOIN topic AS t ON t.name = f.topic
WHERE f.topic = :topic AND f.must
    AND NOT EXISTS (SELECT 1 FROM event AS e
        WHERE e.topic IN (f.topic, CASE f.topic
            WHEN 'certificates.requests.v1' THEN 'certificates.requests.bulk.v1' END)
            AND e.about = f.about AND e.version = f.version)
    AND NOT EXISTS (SELECT 1 FROM way AS e
        WHERE e.topic = f.topic AND e.about = f.about AND e.version = f.version)
    AND (NOT t.cut OR EXISTS (SELECT 1 FROM event AS e
        WHERE e.topic = f.topic AND e.about = f.about AND e.version < f.version))

-- name: untrue
-- Not what is said of a row that is lost and can be made anew: that is a gap of another check, whose
-- cure makes this true again. A document of a known certificate, a refusal of a told request.
SELECT e.kind || ' ' || coalesce(e.about || ' version ' || e.version, '(unreadable)')
    || ' at ' || e.topic || ':' || e.partition || ':' || e.record_offset
    || coalesce('#' || s.mark, ''),
    e.topic || ':' || e.partition || ':' || e.record_offset || '#' || s.mark
FROM event AS e LEFT JOIN foreign_record AS s USING (topic, partition, record_offset)
WHERE e.topic = :topic
    AND NOT EXISTS (SELECT 1 FROM fact AS f WHERE f.topic = e.topic AND f.about = e.about
        AND f.version = e.version AND (f.number IS NULL OR f.number = e.number))
    AND NOT (e.topic = 'documents.v1'
        AND EXISTS (SELECT 1 FROM certificate AS c WHERE c.certificate_id = e.about)
        AND NOT EXISTS (SELECT 1 FROM document AS d WHERE d.certificate_id = e.about))
    AND NOT (e.topic = 'certificates.v1' AND e.version = 0
        AND EXISTS (SELECT 1 FROM event AS r WHERE r.about = e.about
            AND r.topic IN ('certificates.requests.v1', 'certificates.requests.bulk.v1'))
        AND NOT EXISTS (SELECT 1 FROM request AS r WHERE r.request_id = e.about))

-- name: conflicting
SELECT 'id ' || id || ' on ' || topic FROM event
WHERE topic NOT LIKE 'sgo.%' AND topic NOT LIKE 'certificates.requests.%'
GROUP BY topic, id HAVING min(digest) <> max(digest)
UNION ALL
SELECT about || ' version ' || version || ' on ' || topic FROM event
WHERE topic NOT LIKE 'sgo.%' AND topic NOT LIKE 'certificates.requests.%'
    AND about IS NOT NULL
GROUP BY topic, about, version HAVING min(id) <> max(id)

-- name: vanished
-- Acknowledged by Kafka and not there. Compaction may take what a newer state replaces.
SELECT s.kind || ' ' || s.about || ' version ' || s.version || ', event ' || s.id, s.service, s.id
FROM way AS s JOIN topic AS t ON t.name = s.topic
WHERE s.place = 'sent' AND :now - s.at > :young AND s.at > t.since
    AND NOT (t.compacted AND (s.kind = 'tombstone' OR EXISTS (SELECT 1 FROM event AS e
        WHERE e.topic = s.topic AND e.about = s.about AND e.version > s.version)))

-- name: unconfirmed
SELECT 'user ' || user_id || ' by ' || service FROM unconfirmed WHERE abs(:now - at) > :young

-- name: unerased
SELECT 'user ' || g.user_id, CASE WHEN NOT EXISTS (SELECT 1 FROM event
        WHERE topic = 'identity.users.v1' AND about = g.user_id AND kind = 'tombstone')
    THEN 'identity.users.v1' END, g.user_id, 0
FROM gone AS g
WHERE (SELECT kind FROM event WHERE topic = 'identity.users.v1' AND about = g.user_id
    ORDER BY version DESC LIMIT 1) <> 'tombstone'
    AND NOT EXISTS (SELECT 1 FROM way AS w WHERE w.topic = 'identity.users.v1'
        AND w.about = g.user_id AND w.kind = 'tombstone')

-- name: half_answered
SELECT 'request ' || r.request_id || ' is issued and has no certificate' FROM request AS r
WHERE r.status = 'issued' AND NOT EXISTS (SELECT 1 FROM certificate AS c
    WHERE c.certificate_id = r.certificate_id AND c.request_id = r.request_id)
UNION ALL
SELECT 'certificate ' || c.certificate_id || ', and its request is ' || r.status
FROM certificate AS c JOIN request AS r USING (request_id) WHERE r.status <> 'issued'

-- name: certificates
SELECT printf('certificates: %d, %d of them living', count(*), sum(living)) FROM certificate

-- name: not_dense
SELECT 'certificate ' || c.certificate_id || ' is at version ' || c.version || ' and has '
    || count(f.version) || ' states'
FROM certificate AS c LEFT JOIN fact AS f
    ON f.topic = 'certificates.v1' AND f.about = c.certificate_id
GROUP BY c.certificate_id HAVING count(f.version) <> c.version OR max(f.version) <> c.version

-- name: number_twice
SELECT number || ' of ' || group_concat(certificate_id, ' and ') FROM (
    SELECT number, certificate_id FROM certificate
    UNION
    SELECT number, about FROM event WHERE topic = 'certificates.v1' AND number IS NOT NULL
) GROUP BY number HAVING count(*) > 1

-- name: mistyped
-- Of the numbers given here; one that came with an imported certificate has a form of its own.
SELECT c.number || ' of certificate ' || c.certificate_id
FROM certificate AS c JOIN request AS r USING (request_id) WHERE NOT well_typed(c.number)

-- name: two_living
SELECT 'child ' || child_id || ': ' || group_concat(certificate_id, ' and ') FROM certificate
WHERE living GROUP BY child_id HAVING count(*) > 1

-- name: documents
SELECT printf('documents: %d ready, %d failed and tried again, %d not made here (imported),'
    || ' %d closed with their certificate, %d erased with their child',
    coalesce(sum(state = 'ready'), 0), coalesce(sum(state = 'failed'), 0),
    coalesce(sum(state = 'imported'), 0), coalesce(sum(state = 'closed'), 0),
    coalesce(sum(state = 'erased'), 0)) FROM document

-- name: documentless
SELECT 'certificate ' || c.certificate_id,
    CASE WHEN i.topic IS NOT NULL OR NOT EXISTS (SELECT 1 FROM way AS w
        WHERE w.topic = 'certificates.v1' AND w.about = c.certificate_id AND w.version = 1)
        THEN c.certificate_id END,
    i.topic || ':' || i.partition || ':' || i.record_offset,
    max(
        (SELECT coalesce(max(version), 0) FROM event
            WHERE topic = 'documents.v1' AND about = c.certificate_id),
        (SELECT coalesce(max(version), 0) FROM way
            WHERE topic = 'documents.v1' AND about = c.certificate_id))
FROM certificate AS c LEFT JOIN event AS i ON i.rowid = (SELECT min(rowid) FROM event
    WHERE topic = 'certificates.v1' AND about = c.certificate_id AND version = 1)
WHERE NOT EXISTS (SELECT 1 FROM document AS d WHERE d.certificate_id = c.certificate_id)
    AND NOT EXISTS (SELECT 1 FROM way AS w WHERE w.topic = 'certificates.v1'
        AND w.about = c.certificate_id AND w.version = 1 AND abs(:now - w.at) <= :young)
    AND NOT EXISTS (SELECT 1 FROM event AS e
        WHERE e.topic = 'certificates.v1' AND e.about = c.certificate_id AND e.version = 1
            AND (abs(:now - e.at) <= :young OR EXISTS (SELECT 1 FROM kept AS q
                WHERE q.service = 'documents' AND q.topic = e.topic
                    AND q.partition = e.partition AND q.record_offset = e.record_offset
                    AND q.state <> 'redriven')))

-- name: foreign_document
SELECT 'certificate ' || d.certificate_id || coalesce(' has the number ' || c.number, ' is unknown')
    || ', its document says ' || d.number
FROM document AS d LEFT JOIN certificate AS c USING (certificate_id)
WHERE c.number IS NOT d.number

-- name: outbox
SELECT printf('outbox: %d rows on their way', count(*)) FROM way WHERE place = 'outbox'

-- name: unsent
SELECT kind || ' ' || coalesce(about || ' version ' || version, '(unreadable)') || ' for '
    || ((:now - at) / 1000) || ' s'
FROM way WHERE place = 'outbox' AND :now - at > :young

-- name: shelves
SELECT printf('kept apart: %d parked, %d in quarantine, %d dropped or given again',
    coalesce(sum(shelf = 'parked'), 0), coalesce(sum(state = 'open'), 0),
    coalesce(sum(state IN ('dropped', 'redriven')), 0)) FROM kept

-- name: stuck
SELECT service || ' parked ' || id || ' waits for ' || reason || ' for ' || ((:now - at) / 1000)
    || ' s'
FROM kept WHERE shelf = 'parked' AND :now - at > :young

-- name: quarantined
SELECT service || ' quarantine ' || id || ': ' || reason || '. See: '
    || :shown || ' ' || service || ' chassis.commands quarantine show ' || id
FROM kept WHERE state = 'open'

-- name: broken
SELECT service || ': link ' || link || ' is missing or was changed' FROM broken

-- name: unsealed
SELECT service || ': entry ' || id FROM unsealed WHERE :now - at > :young
