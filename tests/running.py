"""A whole service in this process: its doors, consumers and relay, on the real servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from chassis.records import KeptRecord
from chassis.server import make
from chassis.service import Running, Service
from httpx import ASGITransport, AsyncClient

from tests.waiting import eventually


@dataclass(frozen=True, slots=True)
class Whole:
    """`left` grows when the service gives up."""

    http: AsyncClient
    running: Running
    left: list[str]

    @property
    def pool(self) -> Any:
        return self.running.pool

    async def is_ready(self) -> bool:
        return (await self.http.get("/health/ready")).status_code == 200

    async def has(self, query: str, *values: object) -> bool:
        return bool(await self.pool.fetchval(f"SELECT EXISTS ({query})", *values))

    async def count(self, table: str) -> int:
        return int(await self.pool.fetchval(f"SELECT count(*) FROM {table}"))

    async def has_heard_all(self) -> bool:
        """Whether each of its groups has acknowledged the end of each of its partitions."""
        for watch in self.running.watches:
            consumer = watch.subscriber.consumer
            ends = await consumer.end_offsets(list(consumer.assignment()))
            if any([(await consumer.committed(part) or 0) < end for part, end in ends.items()]):
                return False
        return True

    async def hears(self, *records: KeptRecord) -> list[tuple[str, int, int]]:
        """Send records as they are, one after another on one partition; returns their places."""
        bootstrap = self.running.service.settings.kafka_bootstrap
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
            sent = [
                await producer.send_and_wait(
                    record.topic, record.value, record.key, 0, headers=list(record.headers)
                )
                for record in records
            ]
        return [(one.topic, one.partition, one.offset) for one in sent]

    async def reasons(self, place: tuple[str, int, int]) -> list[str]:
        """Why a record is kept in quarantine; a row for each time it was put there."""
        rows = await self.pool.fetch(
            "SELECT reason FROM quarantine"
            " WHERE (topic, partition, record_offset) = ($1, $2, $3)", *place
        )  # fmt: skip
        return [row["reason"] for row in rows]

    async def is_kept(self, place: tuple[str, int, int], why: str) -> None:
        """Wait for a record's one row in quarantine, and look at its reason."""
        (reason,) = await eventually(lambda: self.reasons(place))
        assert reason.startswith(why)


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[Whole]:
    """The service, ready, until the block ends."""
    left: list[str] = []
    app = make(service, left.append)
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="http://t", trust_env=False) as http:
            whole = Whole(http, app.state.running, left)
            await eventually(whole.is_ready)
            yield whole
