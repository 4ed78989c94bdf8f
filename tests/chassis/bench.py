"""A small service of our own on the real broker and database: it notes each event it applies."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from chassis.batches import Consumer, Patience
from chassis.broker import OnBatch, hear, make_broker
from chassis.database import Pool, Tx
from chassis.handlers import Apply, Effects, Handler, by_event
from chassis.outbox import Store
from chassis.records import Item, KeptRecord
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from contracts import topics
from contracts.events import CertificateRequested
from contracts.topics import Topic

from tests.builders import a_record, a_request
from tests.waiting import eventually

TOPIC = topics.CERTIFICATE_REQUESTS
QUICK = Patience(0.01, 0.05, 0.2, 3, 30.0)


class Settings(ServiceSettings):
    http_port: int = 0


async def note(tx: Tx, items: Sequence[Item], last_call: bool) -> Effects:
    """The effect: a row for each event. Nothing in the table forbids a second one."""
    await tx.executemany(
        "INSERT INTO effects (event_id, key) VALUES ($1, $2)",
        [(item.received.id, item.received.key) for item in items],
    )
    return Effects()


@dataclass
class Bench:
    """The service: its settings, its database, and short ways to hear and to look."""

    settings: Settings
    pool: Pool
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.pool)

    @property
    def topic(self) -> str:
        return self.settings.kafka_topic_prefix + TOPIC.name

    def rejoin_soon(self) -> None:
        """A member learns of another one with its next heartbeat: three in a session.

        For Apache Kafka only: the in-memory broker lets a group begin after 3 s; who has a shorter
        session is forgotten by then, and waits for ever for the answer to its join.
        """
        changed = {"kafka_session_timeout_ms": 1500}
        self.settings = self.settings.model_copy(update=changed)

    def consumer(self, apply: Apply = note, patience: Patience = QUICK) -> Consumer:
        prefix = self.settings.kafka_topic_prefix
        handlers = by_event([Handler(TOPIC, CertificateRequested, apply)], prefix)
        return Consumer(self.store, handlers, self.settings.key_bytes, prefix, patience)

    @asynccontextmanager
    async def hearing(
        self,
        on_batch: OnBatch,
        *,
        group: str = "bench",
        topic: Topic = TOPIC,
        working: dict[TopicPartition, int] | None = None,
    ) -> AsyncIterator[Any]:
        """The subscriber, consuming until the block ends."""
        broker = make_broker(self.settings)
        subscriber = hear(
            broker, self.settings, group=group, topic=topic, on_batch=on_batch, working=working
        )
        await broker.start()
        try:
            yield subscriber
        finally:
            await broker.stop()

    def record(self, n: int = 0, child: str = "child") -> KeptRecord:
        """The n-th event of a child; the same n is the same event."""
        prefix = self.settings.kafka_topic_prefix
        return a_record(a_request(child, name=f"{n}"), name=f"{child} {n}", prefix=prefix)

    async def tell(self, *records: KeptRecord, partition: int | None = 0) -> None:
        """Send records as they are, by default onto one partition."""
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap, acks="all"
        ) as producer:
            for record in records:
                await producer.send_and_wait(
                    record.topic,
                    record.value,
                    record.key,
                    partition,
                    headers=list(record.headers),
                )

    async def effects(self) -> list[str]:
        rows = await self.pool.fetch("SELECT event_id FROM effects ORDER BY event_id")
        return [row["event_id"] for row in rows]

    async def count(self, table: str) -> int:
        return int(await self.pool.fetchval(f"SELECT count(*) FROM {table}"))

    async def committed(self, group: str = "bench") -> int:
        """How far the group has acknowledged partition 0 of the topic."""
        prefix = self.settings.kafka_topic_prefix
        async with AIOKafkaConsumer(
            bootstrap_servers=self.settings.kafka_bootstrap,
            group_id=f"{prefix}{group}.{TOPIC.name}",
            enable_auto_commit=False,
        ) as consumer:
            return await consumer.committed(TopicPartition(self.topic, 0)) or 0

    async def published(self, topic: str | None = None) -> list[Any]:
        """All that is on a topic now, each partition in order."""
        name = topic or self.topic
        async with AIOKafkaConsumer(
            bootstrap_servers=self.settings.kafka_bootstrap, enable_auto_commit=False
        ) as consumer:
            numbers = await eventually(lambda: _numbers(consumer, name))
            wanted = [TopicPartition(name, number) for number in sorted(numbers)]
            consumer.assign(wanted)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(wanted)
            found: list[Any] = []
            while len(found) < sum(ends.values()):
                batches = await consumer.getmany(timeout_ms=200)
                found += [record for batch in batches.values() for record in batch]
            return found


async def _numbers(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    """None while a broker that was away for a moment is not one of its cluster yet."""
    await consumer._client.add_topic(topic)
    await consumer._client.force_metadata_update()
    return set(consumer._client.cluster.partitions_for_topic(topic) or ())


class WatchedRelay(Relay):
    """The relay, with the producers it made in reach."""

    def __init__(self, settings: ServiceSettings, store: Store) -> None:
        super().__init__(settings, store)
        self.made: list[AIOKafkaProducer] = []
        self.task: asyncio.Task[None]

    def _producer(self) -> AIOKafkaProducer:
        self.made.append(super()._producer())
        return self.made[-1]


@asynccontextmanager
async def relaying(bench: Bench) -> AsyncIterator[WatchedRelay]:
    """A relay at work until the block ends."""
    relay = WatchedRelay(bench.settings, bench.store)
    relay.task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        relay.task.cancel()
        with suppress(asyncio.CancelledError):
            await relay.task
