"""Every record on the topics, from the beginning to the ends as they are at the start; no group."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from chassis.records import RawRecord
from contracts.topics import TOPICS, Topic

from tools.stack.problem import Problem

CONNECT_S_MAX = 15.0
STILL_S_MAX = 30.0
ROWS = 5000


@dataclass(frozen=True, slots=True)
class Reading:
    """A reader on every topic; `begins` are the first offsets, `ends` those after the last."""

    consumer: AIOKafkaConsumer
    begins: dict[TopicPartition, int]
    ends: dict[TopicPartition, int]

    def cut(self, topic: str) -> list[TopicPartition]:
        """Partitions of which the beginning was deleted, as their retention has it."""
        return [part for part, begin in self.begins.items() if part.topic == topic and begin]

    async def records(self) -> AsyncIterator[Sequence[RawRecord]]:
        """Batches of one partition each, a topic after the other, so that few are held at once."""
        for topic in dict.fromkeys(part.topic for part in self.ends):
            parts = {part for part, end in self.ends.items() if part.topic == topic}
            left = {part for part in parts if self.begins[part] < self.ends[part]}
            if left:
                self.consumer.assign(left)
                await self.consumer.seek_to_beginning()
                async for batch in self._to_the_ends(left):
                    yield batch

    async def _to_the_ends(self, left: set[TopicPartition]) -> AsyncIterator[Sequence[RawRecord]]:
        """Raises Problem where records stop coming."""
        moved = time.monotonic()
        while left:
            got = await self.consumer.getmany(*left, timeout_ms=500, max_records=ROWS)
            for part, batch in got.items():
                yield [record for record in batch if record.offset < self.ends[part]]
            left = {p for p in left if await self.consumer.position(p) < self.ends[p]}
            if got:
                moved = time.monotonic()
            elif time.monotonic() - moved > STILL_S_MAX:
                stuck = min(left)
                raise Problem(
                    f"Kafka does not give out {stuck.topic}:{stuck.partition} to its end."
                )


@asynccontextmanager
async def reading(bootstrap: str, prefix: str) -> AsyncIterator[Reading]:
    """Raises Problem in one sentence where no broker answers or a topic is not there."""
    try:
        async with asyncio.timeout(CONNECT_S_MAX):
            parts = await _partitions(bootstrap, [prefix + topic.name for topic in TOPICS])
    except (KafkaError, OSError, TimeoutError) as error:
        raise Problem(
            f"No Kafka answers at {bootstrap} ({type(error).__name__}): make up"
        ) from None
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(parts)
        begins = await consumer.beginning_offsets(parts)
        yield Reading(consumer, begins, ends)
    finally:
        await consumer.stop()


async def _partitions(bootstrap: str, names: Sequence[str]) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        described = await admin.describe_topics(list(names))
    finally:
        await admin.close()
    missing = sorted(topic["topic"] for topic in described if topic["error_code"])
    if missing:
        raise Problem(f"Kafka at {bootstrap} has no topic {missing[0]}: make up makes it.")
    return [
        TopicPartition(topic["topic"], part["partition"])
        for topic in described
        for part in topic["partitions"]
    ]


def is_compacted(topic: Topic) -> bool:
    return topic.retention_days is None
