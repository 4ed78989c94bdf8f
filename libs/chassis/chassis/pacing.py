"""A lane for masses: its topic is paused while much of what it brought about is unfinished.

So the queue in front of a single request stays short, however long the lane is. Unfinished are the
rows of our outbox, and what the services behind us have not yet committed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn

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


@dataclass(frozen=True, slots=True)
class Lane:
    """`topic` waits while `unfinished_max` events or more are unfinished.

    `behind`: which services must keep up with which topic.
    """

    topic: Topic
    behind: Sequence[tuple[str, Topic]]
    unfinished_max: int = 1000


async def run(lane: Lane, settings: ServiceSettings, store: Store, watch: Watch) -> NoReturn:
    """Pause and resume for ever. While it cannot be known how much is unfinished, the lane waits.

    A rebalance forgets what was paused: the next look, some milliseconds later, pauses it again.
    """
    while True:
        try:
            async with _lag_behind(lane, settings) as lag_behind:
                while True:
                    if watch.paused or watch.unread():
                        unsent = await store.pool.fetchval(SQL["count_unsent"], lane.unfinished_max)
                        _steer(lane, watch, unsent + await lag_behind())
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
async def _lag_behind(
    lane: Lane, settings: ServiceSettings
) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """A function that tells how many records the services behind have not committed."""
    ends = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    try:
        await admin.start()
        await ends.start()
        groups = [(group_of(settings, name, topic.name), topic) for name, topic in lane.behind]
        yield lambda: _lag(settings.kafka_topic_prefix, groups, ends, admin)
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
