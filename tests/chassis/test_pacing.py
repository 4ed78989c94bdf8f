"""A lane for masses waits for what it has brought about, on the real broker and database."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from chassis import broker, pacing
from chassis.pacing import Lane
from chassis.topics import ensure
from chassis.watchdog import STALLED_S_MAX, Watch, look
from contracts import topics

from tests.chassis.bench import TOPIC
from tests.waiting import eventually

BATCH, RECORDS = 2, 5
BEHIND = topics.CERTIFICATES
UNSENT = """
    INSERT INTO outbox (topic, key, value, headers)
    SELECT 'certificates.v1', 'child', '\\x7b7d', '{}' FROM generate_series(1, 3)"""


@pytest.fixture
async def lane(bench, monkeypatch):
    """The topic of the bench has three batches, and 3 unfinished ones are too many."""
    monkeypatch.setattr(broker, "BATCH_RECORDS_MAX", BATCH)
    await ensure(bench.settings, {BEHIND})
    await bench.tell(*(bench.record(n) for n in range(RECORDS)))
    return Lane(TOPIC, behind=[("later", BEHIND)], unfinished_max=3)


@asynccontextmanager
async def paced(bench, lane):
    """The lane's watch, once it is paused; its first batch was under way before anybody looked."""
    looked = asyncio.Event()
    consumer = bench.consumer()

    async def on_batch(records):
        await looked.wait()
        await consumer.consume(records)

    async with bench.hearing(on_batch) as subscriber:
        watch = Watch(TOPIC.name, subscriber, since=0.0)
        pace = asyncio.create_task(pacing.run(lane, bench.settings, bench.store, watch))
        try:
            await eventually(lambda: watch.paused)
            looked.set()
            await eventually(lambda: _applied(bench, BATCH))
            yield watch
        finally:
            pace.cancel()
            with suppress(asyncio.CancelledError):
                await pace


async def test_a_lane_waits_while_the_outbox_is_full_and_goes_on_when_it_is_not(bench, lane):
    await bench.pool.execute(UNSENT)
    async with paced(bench, lane):
        await _another_group_has_read(bench, RECORDS)
        assert len(await bench.effects()) == BATCH
        await bench.pool.execute("DELETE FROM outbox WHERE id = (SELECT min(id) FROM outbox)")
        await eventually(lambda: _applied(bench, RECORDS))


async def test_a_lane_waits_for_what_a_service_behind_it_has_not_committed(bench, lane):
    behind = bench.settings.kafka_topic_prefix + BEHIND.name
    await bench.tell(*(replace(bench.record(n), topic=behind) for n in range(3)))
    async with paced(bench, lane):
        await _another_group_has_read(bench, RECORDS)
        assert len(await bench.effects()) == BATCH
        async with bench.hearing(_finished, group="later", topic=BEHIND):
            await eventually(lambda: _applied(bench, RECORDS))


async def test_a_lane_that_waits_on_purpose_is_not_dead(bench, lane):
    await bench.pool.execute(UNSENT)
    async with paced(bench, lane) as watch:
        assert look(watch, 0.0) is None
        assert watch.lag == RECORDS - BATCH
        assert look(watch, STALLED_S_MAX * 10) is None


async def test_a_lane_waits_while_it_cannot_be_known_what_is_unfinished(bench, lane):
    await bench.pool.execute("ALTER TABLE outbox RENAME TO out_of_reach")
    async with paced(bench, lane):
        await bench.pool.execute("ALTER TABLE out_of_reach RENAME TO outbox")
        await eventually(lambda: _applied(bench, RECORDS))


async def _applied(bench, count):
    return len(await bench.effects()) == count


async def _another_group_has_read(bench, count):
    read = []

    async def on_batch(records):
        read.extend(records)

    async with bench.hearing(on_batch, group="another"):
        await eventually(lambda: len(read) == count)


async def _finished(records):
    """Nothing is to be done with them."""
