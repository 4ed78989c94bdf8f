"""All that was said and all that is stored, gathered in one SQLite file, so that memory is bounded.

The order matters on a stack that works on meanwhile: topics first, then databases, readers before
those they read from. So whatever one source tells is in every source that was looked at later.
"""

import json
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from certificates.decide import certificate_of
from certificates.numbers import is_well_typed
from chassis import journal
from chassis.queries import load
from chassis.records import digest
from contracts.topics import TOPICS

from tools.verify.records import is_foreign, said
from tools.verify.topics import Reading, is_compacted

SQL = load("tools.verify", "checks.sql")
SOURCES = load("tools.verify", "databases.sql")
ORDER = ("documents", "certificates", "identity")
TABLES = (
    *("fact", "known", "content", "gone", "unconfirmed", "unconsented", "outlived"),
    *("request", "certificate", "document"),
)
ROWS = 2000
MARK_DIGITS = 12  # of a record: another one at the same place has others
CACHE_KIB = 64 * 1024


def opened(path: str) -> sqlite3.Connection:
    """An empty one. Nothing in it need survive, so nothing is synced."""
    evidence = sqlite3.connect(path, isolation_level=None)
    evidence.execute("PRAGMA journal_mode = OFF")
    evidence.execute("PRAGMA synchronous = OFF")
    evidence.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    evidence.create_function("well_typed", 1, is_well_typed, deterministic=True)
    evidence.create_function("certificate_of", 1, _certificate_of, deterministic=True)
    evidence.executescript(SQL["tables"])
    return evidence


def _certificate_of(request_id: str | None) -> str | None:
    return request_id and str(certificate_of(request_id))


async def gather_topics(evidence: sqlite3.Connection, reading: Reading, prefix: str) -> None:
    """Each record as an event at its place, and what is known of each topic."""
    begins: dict[str, int] = {topic.name: 0 for topic in TOPICS}
    seen = set()
    async for batch in reading.records():
        for first in batch[:1]:
            part = first.topic, first.partition
            if part not in seen and first.offset:
                name = first.topic.removeprefix(prefix)
                begins[name] = max(begins[name], first.timestamp)
            seen.add(part)
        rows, foreign = [], []
        for record in batch:
            topic = record.topic.removeprefix(prefix)
            what = said(topic, record.key, record.value, record.headers)
            place = topic, record.partition, record.offset
            rows.append((*place, record.timestamp, *what))
            if is_foreign(what, record.headers):
                foreign.append((*place, digest(record).hex()[:MARK_DIGITS]))
        _insert(evidence, "event", rows)
        _insert(evidence, "foreign_record", foreign)
    _insert(evidence, "topic", [
        (topic.name, bool(reading.cut(prefix + topic.name)), is_compacted(topic),
         begins[topic.name])
        for topic in TOPICS
    ])  # fmt: skip


async def gather_databases(
    evidence: sqlite3.Connection, databases: Mapping[str, str], prefix: str
) -> None:
    """Each database as it is at one moment."""
    evidence.execute(SQL["event_id"])
    for service in ORDER:
        async with _snapshot(databases[service]) as tx:
            await _gather(evidence, tx, service, prefix)
    evidence.executescript(SQL["indexes"])


@asynccontextmanager
async def _snapshot(url: str) -> AsyncIterator[Any]:
    tx = await asyncpg.connect(url, timeout=10)
    try:
        async with tx.transaction(isolation="repeatable_read", readonly=True):
            yield tx
    finally:
        await tx.close()


async def _gather(evidence: sqlite3.Connection, tx: Any, service: str, prefix: str) -> None:
    async for rows in _pages(tx, SOURCES["outbox"]):
        _insert(evidence, "way", [(*_unplaced(*row), service) for row in rows])
    async for rows in _pages(tx, SOURCES["sent"]):
        _insert(evidence, "sent", [(service, *row) for row in rows])
    missing = evidence.execute(SQL["not_there"], {"service": service})
    while ids := [row_id for (row_id,) in missing.fetchmany(ROWS)]:
        rows = await tx.fetch(SOURCES["sent_rows"], ids)
        _insert(evidence, "way", [(*_unplaced(*row), service) for row in rows])
    async for rows in _pages(tx, SOURCES["kept"]):
        _insert(evidence, "kept", [
            (service, shelf, row_id, topic.removeprefix(prefix), *rest)
            for shelf, row_id, topic, *rest in rows
        ])  # fmt: skip
    for table in TABLES:
        if query := SOURCES.get(f"{service}_{table}"):
            async for rows in _pages(tx, query):
                told = [(service, *row) if table == "known" else tuple(row) for row in rows]
                _insert(evidence, table, told)
    async for rows in _pages(tx, SOURCES["unsealed"]):
        _insert(evidence, "unsealed", [(service, *row) for row in rows])
    if (link := await journal.broken_at(tx)) is not None:
        _insert(evidence, "broken", [(service, link)])


async def _pages(tx: Any, query: str) -> AsyncIterator[list[Any]]:
    cursor = await tx.cursor(query)
    while rows := await cursor.fetch(ROWS):
        yield rows


def _unplaced(
    place: str, topic: str, at: int, key: str, value: bytes | None, headers: str
) -> tuple[Any, ...]:
    texts = [(name, text.encode()) for name, text in json.loads(headers).items()]
    return place, topic, at, *said(topic, key.encode(), value, texts)


def _insert(evidence: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    rows = list(rows)
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        evidence.execute("BEGIN")
        evidence.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608  ours
        evidence.execute("COMMIT")
