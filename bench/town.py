"""A stack of its own with a crowd of students who are known to every service, and their tokens."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4  # noqa: TID251  new children at each run

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from contracts import topics
from contracts.ids import user_id
from identity import keys

from bench import people
from tools.stack.apart import Stack, a_stack

WAIT_S_MAX = 600.0
READY = b"document.credentials.ready"
KNOWN = "SELECT count(*) FROM people WHERE user_id = ANY($1::uuid[])"


@dataclass(frozen=True, slots=True)
class Town:
    """`announced` hears documents.v1 from where it stood at the start."""

    stack: Stack
    producer: AIOKafkaProducer
    announced: AIOKafkaConsumer

    async def settle(self, count: int) -> list[UUID]:
        """`count` new students, told on SGO's topic, known to every service."""
        names = [f"bench-{uuid4()}" for _ in range(count)]
        students = [user_id(name) for name in names]
        await people.send(self.producer, [people.record(people.student(name)) for name in names])
        deadline = time.monotonic() + WAIT_S_MAX
        for service in ("certificates", "documents"):
            while await self._known(service, students) < count:
                if time.monotonic() > deadline:
                    raise SystemExit(f"{service} did not hear of all in {WAIT_S_MAX:.0f} s.")
                await asyncio.sleep(0.2)
        return students

    async def _known(self, service: str, students: Sequence[UUID]) -> int:
        connection = await asyncpg.connect(self.stack.demo["databases"][service])
        try:
            return int(await connection.fetchval(KNOWN, students))
        finally:
            await connection.close()

    async def tokens(self, students: Sequence[UUID]) -> list[str]:
        """As identity signs them, without the slow hash of twenty thousand sign-ins."""
        known, now = await self._keys()
        return [known.sign({"sub": str(one), "roles": ["student"]}, now) for one in students]

    async def token(self, claims: Mapping[str, Any]) -> str:
        """One with these claims."""
        known, now = await self._keys()
        return known.sign(dict(claims), now)

    async def _keys(self) -> tuple[keys.Keys, datetime]:
        secret = (self.stack.folder / "secrets" / "identity" / "encryption_key").read_text()
        now = datetime.now(UTC)  # noqa: TID251
        connection = await asyncpg.connect(self.stack.demo["databases"]["identity"])
        try:
            return await keys.read(connection, base64.urlsafe_b64decode(secret), now), now
        finally:
            await connection.close()

    async def hear_of(self, students: Sequence[UUID]) -> dict[str, float]:
        """When the document of each was heard of, by `time.perf_counter`."""
        heard: dict[str, float] = {}
        wanted = {str(student).encode() for student in students}
        deadline = time.monotonic() + WAIT_S_MAX
        while wanted:
            if time.monotonic() > deadline:
                raise SystemExit(f"{len(wanted)} documents were not announced.")
            batches = await self.announced.getmany(timeout_ms=100)
            now = time.perf_counter()
            for record in (record for batch in batches.values() for record in batch):
                if record.key in wanted and ("ce_type", READY) in record.headers:
                    heard[record.key.decode()] = now
                    wanted.discard(record.key)
        return heard


@contextmanager
def a_town_stack(prefix: str = "bench-") -> Iterator[Stack]:
    """Apache Kafka without the flags that make it start fast."""
    with a_stack(prefix, KAFKA="apache", KAFKA_FAST_START="0") as stack:
        yield stack


@asynccontextmanager
async def a_town(stack: Stack) -> AsyncIterator[Town]:
    address = stack.demo["kafka"]
    async with (
        AIOKafkaProducer(
            bootstrap_servers=address, acks="all", enable_idempotence=True
        ) as producer,
        AIOKafkaConsumer(topics.DOCUMENTS.name, bootstrap_servers=address) as announced,
    ):
        await announced.seek_to_end()
        for partition in announced.assignment():
            await announced.position(partition)
        yield Town(stack, producer, announced)
