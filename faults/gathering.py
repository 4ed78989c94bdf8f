"""Waits until a run has healed, then gathers its history from the topics and the databases."""

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from faults.history import History, Place, Spoken, Stored
from faults.lab import Lab
from faults.load import Load, now_ms
from tools.stack.postgres import BINARIES
from tools.stack.settings import SERVICES
from tools.verify import checks
from tools.verify.__main__ import gathered
from tools.verify.records import Said
from tools.verify.topics import reading

HEALED_S_MAX = 150.0
LATER_MS = 120_000  # as if two minutes had passed: nothing is on its way any more
MEMORY_MIB_MAX, CONNECTIONS_MAX = 600.0, 150.0
LOOKED_FOR = {
    "outbox": "SELECT count(*) FROM outbox",
    "parked": "SELECT count(*) FROM parked",
    "unsealed": "SELECT count(*) FROM journal_unsealed",
}
UNDECIDED = {
    "certificates": "SELECT count(*) FROM certificate_requests WHERE status = 'pending'",
    "documents": "SELECT count(*) FROM credentials WHERE state = 'failed' AND retry_at <= now()",
    "identity": "SELECT count(*) FROM uploads WHERE state = 'running'",
}


async def healed(lab: Lab) -> float:
    """Seconds until all is ready and nothing is on its way; the bound where that never comes."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while clock() - began < HEALED_S_MAX:
        try:
            async with asyncio.timeout(20):
                quiet = await lab.are_ready(lab.parts) and not any((await waiting(lab)).values())
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, KafkaError, TimeoutError):
            quiet = False
        if quiet:
            return clock() - began
        await asyncio.sleep(0.25)
    return HEALED_S_MAX


async def waiting(lab: Lab) -> dict[str, int]:
    """What is on its way, by where it waits."""
    found = {"lag": await lag(lab.kafka)}
    for service in SERVICES:
        connection = await asyncpg.connect(lab.databases[service], timeout=5)
        try:
            for what, query in {**LOOKED_FOR, "undecided": UNDECIDED[service]}.items():
                found[f"{what} in {service}"] = await connection.fetchval(query)
        finally:
            await connection.close()
    return found


async def lag(bootstrap: str) -> int:
    """Over all groups that ever committed: records that they have not acknowledged."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        await consumer.start()
        lag = 0
        for group, *_ in await admin.list_consumer_groups():
            committed = await admin.list_consumer_group_offsets(group)
            ends = await consumer.end_offsets(list(committed))
            lag += sum(max(0, end - committed[part].offset) for part, end in ends.items())
        return lag
    finally:
        await consumer.stop()
        await admin.close()


async def history(lab: Lab, load: Load, poison: tuple[Place, ...] = ()) -> History:
    """Everything, as it is now. Raises Problem where a source does not answer."""
    left = await waiting(lab)
    async with gathered(lab.databases, lab.kafka, "") as evidence:
        found = list(checks.run(evidence, now_ms() + LATER_MS))
        events = published(evidence)
        rows = stored(evidence, left)
    await _caught_up(load, events)
    heard = None if load.deaf else list(load.heard)
    texts = {f"log {log.name}": log.read_bytes() for log in sorted(lab.logs())}
    texts |= await asyncio.to_thread(_dumps, lab.databases)
    texts |= {f"topic {name}": text async for name, text in _raw(lab.kafka)}
    tokens = {f"token {n}": token.encode() for n, token in enumerate([*load.tokens.values()][:20])}
    return History(
        list(load.asks.values()), rows, events, heard, poison,
        {**lab.secrets, **tokens}, texts, await sizes(lab), found,
    )  # fmt: skip


async def _caught_up(load: Load, published: list[Spoken]) -> None:
    """A subscriber is some milliseconds behind; whether it misses something is judged later."""
    heard_of = {topic for (topic, *_), _ in load.heard}
    wanted = sum(one.place[0] in heard_of for one in published)
    for _ in range(100):
        if len({one.place for one in load.heard}) >= wanted:
            break
        await asyncio.sleep(0.1)


def published(evidence: sqlite3.Connection) -> list[Spoken]:
    rows = evidence.execute(
        "SELECT topic, partition, record_offset, kind, id, about, version, number, digest"
        " FROM event ORDER BY topic, partition, record_offset"
    )
    return [Spoken(tuple(row[:3]), Said(*row[3:])) for row in rows]


def stored(evidence: sqlite3.Connection, left: Mapping[str, int]) -> Stored:
    def pairs(query: str) -> dict[str, Any]:
        return {first: rest[0] if len(rest) == 1 else rest
                for first, *rest in evidence.execute(query)}  # fmt: skip

    requests = pairs("SELECT request_id, status, certificate_id FROM request")
    return Stored(
        {request: tuple(rest) for request, rest in requests.items()},
        pairs("SELECT certificate_id, request_id FROM certificate"),
        pairs("SELECT certificate_id, state FROM document"),
        [(tuple(place), why) for *place, why in evidence.execute(
            "SELECT topic, partition, record_offset, reason FROM kept WHERE shelf = 'quarantine'"
        )],
        left,
    )  # fmt: skip


def _dumps(databases: Mapping[str, str]) -> dict[str, bytes]:
    """Each database as its whole SQL dump."""
    found = {}
    for service, url in databases.items():
        parts = urlsplit(url)
        plain = f"postgresql://{parts.username}@{parts.hostname}:{parts.port}{parts.path}"
        environment = {"PGPASSWORD": parts.password or "", "PATH": os.defpath}
        done = subprocess.run(
            [str(BINARIES / "pg_dump"), plain], env=environment, capture_output=True, check=True
        )
        found[f"dump of {service}"] = done.stdout
    return found


async def _raw(bootstrap: str) -> AsyncIterator[tuple[str, bytes]]:
    async with reading(bootstrap, "") as source:
        async for batch in source.records():
            for one in batch:
                headers = b" ".join(raw or b"" for _, raw in one.headers)
                yield (
                    f"{one.topic}:{one.partition}:{one.offset}",
                    b" ".join((one.key or b"", one.value or b"", headers)),
                )


async def sizes(lab: Lab) -> dict[str, tuple[float, float]]:
    sizes = {
        f"memory of {name}, MiB": (lab.parts[name].memory_mib(), MEMORY_MIB_MAX)
        for name in lab.of(*SERVICES)
    }
    async with as_superuser(lab) as connection:
        count = await connection.fetchval("SELECT count(*) FROM pg_stat_activity")
    return {**sizes, "connections of PostgreSQL": (count, CONNECTIONS_MAX)}


@asynccontextmanager
async def as_superuser(lab: Lab) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(lab.superuser, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()
