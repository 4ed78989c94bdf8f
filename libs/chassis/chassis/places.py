"""Records read again from Kafka by their place (topic:partition:offset), beside any group."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.broker import group_of
from chassis.records import KeptRecord
from chassis.settings import ServiceSettings

WAIT_S_MAX = 10.0


class Gone(Exception):
    """There is no such record (any more); the message names its place."""


class Reader:
    """One connection for many places, made for the first. Topics as the contracts name them."""

    def __init__(self, settings: ServiceSettings, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._consumer: AIOKafkaConsumer | None = None
        self._passed: dict[tuple[str, TopicPartition], int] = {}

    async def at(self, place: str) -> KeptRecord:
        """Raises Gone, also for what is no place, and KafkaError where no broker answers."""
        _, part, offset = self._parsed(place)
        consumer = await self._connected()
        try:
            async with asyncio.timeout(WAIT_S_MAX):  # of a partition that is not there: for ever
                end = (await consumer.end_offsets([part]))[part]
        except TimeoutError:
            raise Gone(f"{place}: Kafka knows no such partition") from None
        if offset >= end:
            raise Gone(f"{place}: the partition ends before it")
        consumer.assign([part])
        consumer.seek(part, offset)
        got = await consumer.getmany(part, timeout_ms=int(WAIT_S_MAX * 1000), max_records=1)
        for one in got.get(part, ()):
            if one.offset == offset:
                return KeptRecord(
                    one.topic, one.partition, one.offset, one.timestamp, one.key, one.value,
                    tuple(one.headers),
                )  # fmt: skip
        raise Gone(f"{place}: the record was deleted or compacted")

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            made = _a_consumer(self._settings, None)
            self._consumer = await self._stack.enter_async_context(made)
        return self._consumer

    async def is_behind(self, service: str, place: str) -> bool:
        """Whether the service's consumers have acknowledged the record, or what follows it."""
        topic, part, offset = self._parsed(place)
        if (service, part) not in self._passed:
            group = group_of(self._settings, service, topic)
            async with _a_consumer(self._settings, group) as consumer:
                self._passed[service, part] = await consumer.committed(part) or 0
        return self._passed[service, part] > offset

    def _parsed(self, place: str) -> tuple[str, TopicPartition, int]:
        topic, *numbers = place.split(":")
        if len(numbers) != 2 or not all(one.isascii() and one.isdigit() for one in numbers):  # noqa: PLR2004
            raise Gone(f"{place}: is no place, write it like certificates.v1:3:17")
        part = TopicPartition(self._settings.kafka_topic_prefix + topic, int(numbers[0]))
        return topic, part, int(numbers[1])


@asynccontextmanager
async def reading(settings: ServiceSettings) -> AsyncIterator[Reader]:
    """Ends the reader's connection with the block."""
    async with AsyncExitStack() as stack:
        yield Reader(settings, stack)


@asynccontextmanager
async def _a_consumer(
    settings: ServiceSettings, group: str | None
) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap, group_id=group, enable_auto_commit=False,
        auto_offset_reset="earliest", fetch_max_wait_ms=settings.kafka_fetch_max_wait_ms,
    )  # fmt: skip
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
