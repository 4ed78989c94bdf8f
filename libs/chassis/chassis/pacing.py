"""Work for masses waits while much of what was brought about is unfinished.

So the queue in front of a single request stays short, however much there is: the topic of a lane is
paused here, an uploaded file waits between its batches (`imports`). Unfinished are the rows of our
outbox, and what the services behind us have not yet committed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from contracts.topics import Topic

from chassis.broker import group_of
from chassis.database import DATABASE_ERRORS, describe
from chassis.metrics import LANE_UNFINISHED
from chassis.outbox import Store
from chassis.queries import load
from chassis.settings import ServiceSettings
from chassis.watchdog import Watch

log = structlog.get_logger()
SQL = load("chassis")
LOOK_EVERY_S = 0.02
AGAIN_S = 1.0
UNFINISHED_MAX: Final = 1000
Behind: TypeAlias = Sequence[tuple[str, Topic]]
Unfinished: TypeAlias = Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Lane:
    """`topic` waits while `unfinished_max` events or more are unfinished.

    `behind`: which services must keep up with which topic.
    """

    topic: Topic
    behind: Behind
    unfinished_max: int = UNFINISHED_MAX


async def run(lane: Lane, settings: ServiceSettings, store: Store, watch: Watch) -> NoReturn:
    """Pause and resume for ever. While it cannot be known how much is unfinished, the lane waits.

    A rebalance forgets what was paused: the next look, some milliseconds later, pauses it again.
    """
    while True:
        try:
            async with counting_unfinished(lane.behind, settings, store) as unfinished:
                while True:
                    if watch.paused or watch.unread():
                        _steer(lane, watch, await unfinished())
                    await asyncio.sleep(LOOK_EVERY_S)
        except (KafkaError, *DATABASE_ERRORS) as error:
            log.warning("lane_waits", topic=lane.topic.name, error=describe(error))
            _pause(watch)
            await asyncio.sleep(AGAIN_S)


def _steer(lane: Lane, watch: Watch, unfinished: int) -> None:
    LANE_UNFINISHED.labels(lane.topic.name).set(unfinished)
    if unfinished >= lane.unfinished_max:
        _pause(watch)
    else:
        watch.subscriber.consumer.resume(*watch.paused)


def _pause(watch: Watch) -> None:
    if consumer := watch.subscriber.consumer:
        consumer.pause(*consumer.assignment())


@asynccontextmanager
async def counting_unfinished(
    behind: Behind, settings: ServiceSettings, store: Store
) -> AsyncIterator[Unfinished]:
    """A function that tells how many events are unfinished; of our own UNFINISHED_MAX are enough.

    It raises KafkaError or one of DATABASE_ERRORS while that cannot be known, as beginning does.
    """
    ends = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    groups = [(group_of(settings, name, topic.name), topic) for name, topic in behind]

    async def unfinished() -> int:
        unsent = int(await store.pool.fetchval(SQL["count_unsent"], UNFINISHED_MAX))
        return unsent + await _lag(settings.kafka_topic_prefix, groups, ends, admin)

    try:
        await admin.start()
        await ends.start()
        yield unfinished
    finally:
        await ends.stop()
        await admin.close()


async def _lag(
    prefix: str,
    groups: Sequence[tuple[str, Topic]],
    ends: AIOKafkaConsumer,
    admin: AIOKafkaAdminClient,
) -> int:
    """What was never committed counts from the beginning: who never came has it all before them."""
    lag = 0
    for group, topic in groups:
        name = prefix + topic.name
        committed = await admin.list_consumer_group_offsets(group)
        partitions = {TopicPartition(name, n) for n in range(topic.partitions)} | set(committed)
        begins = await ends.beginning_offsets(partitions - set(committed))
        for partition, end in (await ends.end_offsets(partitions)).items():
            done = committed[partition].offset if partition in committed else begins[partition]
            lag += max(0, end - done)
    return lag
