"""The watchdog tells a dead consumer from a live one; time is passed in."""

import asyncio
from dataclasses import replace

import pytest
from aiokafka.errors import KafkaError
from chassis import broker, watchdog
from chassis.broker import hear, make_broker
from chassis.topics import ensure
from chassis.watchdog import STALLED_S_MAX, Watch, look

from tests.chassis.bench import TOPIC
from tests.waiting import eventually


def a_watch(subscriber):
    return Watch(TOPIC.name, subscriber, since=0.0)


async def test_a_consumer_without_a_partition_for_a_minute_is_dead(bench):
    consume = bench.consumer().consume
    idle = make_broker(bench.settings)
    watch = a_watch(hear(idle, bench.settings, group="bench", topic=TOPIC, on_batch=consume))
    assert look(watch, STALLED_S_MAX - 1) is None
    assert look(watch, STALLED_S_MAX) == "no partition is assigned"


@pytest.mark.apache
async def test_a_consumer_that_runs_but_is_assigned_nothing_for_a_minute_is_dead(bench):
    """Here another of its group has got the one partition."""
    bench.rejoin_soon()
    narrow = replace(TOPIC, name="narrow.v1", partitions=1)
    await ensure(bench.settings, {narrow})
    one, other = make_broker(bench.settings), make_broker(bench.settings)
    watches = [
        a_watch(hear(each, bench.settings, group="bench", topic=narrow, on_batch=not_called))
        for each in (one, other)
    ]
    await one.start()
    await other.start()
    try:
        await eventually(lambda: _assigned(watches) == [False, True])
        idle = next(watch for watch in watches if not watch.assigned)
        assert look(idle, STALLED_S_MAX) == "no partition is assigned"
    finally:
        await one.stop()
        await other.stop()


@pytest.mark.apache
async def test_a_consumer_whose_heartbeats_have_ended_hears_nothing_more_and_is_dead(
    bench, monkeypatch
):
    """An answer that aiokafka does not know ends them for good; it believes that it is assigned."""
    monkeypatch.setattr(broker, "STOP_S_MAX", 0.1)
    bench.rejoin_soon()
    heard = []

    async def on_batch(records):
        heard.append(records)

    async def not_known():
        raise KafkaError("an answer that is not known")

    async with bench.hearing(on_batch) as subscriber:
        watch = a_watch(subscriber)
        await eventually(lambda: look(watch, 0.0) is None and watch.assigned)
        group = subscriber.consumer._coordinator
        group._do_heartbeat = not_known
        await eventually(lambda: group._pending_exception)
        await bench.tell(bench.record(1))
        await eventually(lambda: look(watch, 0.0) is None and watch.lag == 1)
        assert (heard, watch.assigned) == ([], True)
        assert look(watch, STALLED_S_MAX) == "lag without progress"


async def not_called(records):
    raise AssertionError("nothing was said")


def _assigned(watches) -> list[bool]:
    for watch in watches:
        look(watch, 0.0)
    return sorted(watch.assigned for watch in watches)


async def test_lag_without_progress_for_a_minute_is_death_and_progress_is_life(bench):
    began, go_on = asyncio.Event(), asyncio.Event()

    async def on_batch(records):
        began.set()
        await go_on.wait()

    await bench.tell(bench.record(1))
    async with bench.hearing(on_batch) as subscriber:
        watch = a_watch(subscriber)
        await asyncio.wait_for(began.wait(), 20)
        await bench.tell(*(bench.record(n) for n in range(2, 5)))
        await eventually(lambda: look(watch, 0.0) is None and watch.lag)
        assert look(watch, STALLED_S_MAX - 1) is None
        assert look(watch, STALLED_S_MAX) == "lag without progress"
        go_on.set()
        await eventually(lambda: look(watch, STALLED_S_MAX) is None and watch.lag == 0)
        assert watch.since == STALLED_S_MAX


async def test_a_consumer_that_hangs_in_its_last_batch_is_dead(bench, monkeypatch):
    """Its position already stands behind the batch: what is finished counts, not what was read."""
    monkeypatch.setattr(broker, "STOP_S_MAX", 0.1)
    began, working = asyncio.Event(), {}

    async def never_ends(records):
        began.set()
        await asyncio.Event().wait()

    await bench.tell(bench.record(1))
    async with bench.hearing(never_ends, working=working) as subscriber:
        watch = Watch(TOPIC.name, subscriber, 0.0, working)
        await asyncio.wait_for(began.wait(), 20)
        await eventually(lambda: look(watch, 0.0) is None and watch.lag == 1)
        assert look(watch, STALLED_S_MAX) == "lag without progress"


async def test_a_consumer_that_fails_for_ever_is_dead(bench):
    """Seeking back and reading the same again is no progress."""
    failures, working = [], {}

    async def always_fails(records):
        failures.append(records)
        raise RuntimeError

    await bench.tell(bench.record(1))
    async with bench.hearing(always_fails, working=working) as subscriber:
        watch = Watch(TOPIC.name, subscriber, 0.0, working)
        await eventually(lambda: failures and look(watch, 0.0) is None and watch.lag == 1)
        seen = len(failures)
        await eventually(lambda: len(failures) > seen + 2)
        assert look(watch, STALLED_S_MAX) == "lag without progress"


async def test_a_finished_batch_is_progress(bench):
    working = {}
    consume = bench.consumer().consume
    await bench.tell(bench.record(1))
    async with bench.hearing(consume, working=working) as subscriber:
        watch = Watch(TOPIC.name, subscriber, 0.0, working)
        await eventually(bench.committed)
        assert (look(watch, STALLED_S_MAX), watch.lag, working) == (None, 0, {})


async def test_an_idle_consumer_is_alive(bench):
    async with bench.hearing(bench.consumer().consume) as subscriber:
        watch = a_watch(subscriber)
        await eventually(lambda: look(watch, 0.0) is None and watch.assigned)
        assert look(watch, 10 * STALLED_S_MAX) is None


async def test_nobody_is_dead_while_no_broker_answers(bench, monkeypatch):
    """Ending the process would not help: the consumers wait with everybody else."""
    monkeypatch.setattr(watchdog, "STALLED_S_MAX", 0.0)
    monkeypatch.setattr(watchdog, "LOOK_EVERY_S", 0.01)
    consume = bench.consumer().consume
    idle = make_broker(bench.settings)
    watch = a_watch(hear(idle, bench.settings, group="bench", topic=TOPIC, on_batch=consume))
    answers, left = [False, False, True], []

    async def brokers_answer():
        return answers.pop(0)

    await asyncio.wait_for(watchdog.run([watch], brokers_answer, left.append), 20)
    assert (answers, left) == ([], [f"{TOPIC.name}: no partition is assigned"])
