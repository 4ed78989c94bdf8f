"""How events are heard: the traps of FastStream and aiokafka, each against the real broker."""

import asyncio
import json
from dataclasses import replace
from itertools import pairwise

import asyncpg
import pytest
from chassis import broker, topics
from chassis.batches import Patience
from chassis.broker import hear, make_broker
from contracts.topics import Topic

from tests.builders import an_id
from tests.chassis.bench import QUICK, TOPIC, note
from tests.waiting import eventually

NOWHERE = "127.0.0.1:1"
CANARY = "Канарейкина"


async def test_a_failed_batch_comes_again_and_nothing_is_acknowledged_before(bench):
    heard, acknowledged = [], []

    async def on_batch(records):
        acknowledged.append(await bench.committed())
        heard.append([record.offset for record in records])
        if len(heard) < 3:
            raise RuntimeError

    await bench.tell(bench.record(1))
    async with bench.hearing(on_batch):
        await eventually(lambda: len(heard) >= 3)
        await eventually(lambda: _is(bench.committed(), 1))
    assert heard == [[0], [0], [0]]
    assert acknowledged == [0, 0, 0]


async def test_one_of_several_brokers_that_answers_is_enough(bench):
    """FastStream takes a text for one address, whatever commas stand in it."""
    several = f"{NOWHERE},{bench.settings.kafka_bootstrap}"
    await bench.tell(bench.record(1))
    bench.settings = bench.settings.model_copy(update={"kafka_bootstrap": several})
    async with bench.hearing(bench.consumer().consume):
        await eventually(lambda: _is(bench.count("effects"), 1))


async def test_a_failed_batch_of_several_partitions_comes_again_whole(bench):
    """Acknowledging moves every partition on: each one is wound back to what was not applied."""
    tries = []

    async def on_batch(records):
        tries.append(records)
        if len(tries) == 1:
            raise RuntimeError
        await bench.consumer().consume(records)

    await bench.tell(*(bench.record(n, f"child {n}") for n in range(40)), partition=None)
    async with bench.hearing(on_batch):
        await eventually(lambda: _is(bench.count("effects"), 40))
    assert len({record.partition for record in tries[0]}) > 1


async def _is(wanted, value):
    return await wanted == value


async def test_a_batch_that_was_being_applied_at_the_stop_comes_again(bench, monkeypatch):
    monkeypatch.setattr(broker, "STOP_S_MAX", 0.1)
    began = asyncio.Event()
    again: list[int] = []

    async def never_ends(records):
        began.set()
        await asyncio.Event().wait()

    async def on_batch(records):
        again.extend(record.offset for record in records)

    await bench.tell(bench.record(1))
    async with bench.hearing(never_ends):
        await asyncio.wait_for(began.wait(), 20)
    assert await bench.committed() == 0
    async with bench.hearing(on_batch):
        await eventually(lambda: again == [0])


async def test_a_new_group_reads_history(bench):
    records = [bench.record(n) for n in range(5)]
    await bench.tell(*records)
    async with bench.hearing(bench.consumer().consume, group="came later"):
        await eventually(lambda: _is(bench.count("effects"), 5))


async def test_poison_is_quarantined_once_and_its_neighbours_are_applied(bench):
    broken = replace(bench.record(2), value=b"{not json")
    await bench.tell(bench.record(1), broken, bench.record(3))
    for group in ("first", "second"):
        async with bench.hearing(bench.consumer().consume, group=group):
            await eventually(lambda group=group: _is(bench.committed(group), 3))
    assert await bench.count("effects") == 2
    rows = await bench.pool.fetch("SELECT topic, partition, record_offset FROM quarantine")
    assert [tuple(row) for row in rows] == [(bench.topic, 0, 1)]


async def test_a_record_that_always_fails_neither_spins_nor_blocks_those_behind_it(bench):
    """FastStream alone would seek back at once, thousands of times a second, for ever."""
    tries = []

    async def one_fails(tx, items, last_call):
        if any(item.received.key == str(an_id("bad")) for item in items):
            tries.append(len(items))
            raise ValueError("a defect of ours")
        return await note(tx, items, last_call)

    await bench.tell(bench.record(1), bench.record(2, "bad"), bench.record(3))
    async with bench.hearing(bench.consumer(one_fails).consume):
        await eventually(lambda: _is(bench.committed(), 3))
    assert (await bench.count("effects"), await bench.count("quarantine")) == (2, 1)
    assert len(tries) <= 2 + QUICK.tries_alone


async def test_while_the_database_refuses_the_pauses_between_tries_grow(bench, monkeypatch):
    monkeypatch.setattr(broker, "STOP_S_MAX", 0.1)
    tries = []

    async def refused(tx, items, last_call):
        tries.append(asyncio.get_running_loop().time())
        raise asyncpg.TooManyConnectionsError

    await bench.tell(bench.record(1))
    consumer = bench.consumer(refused, Patience(backoff_s_min=0.02, backoff_s_max=0.08))
    async with bench.hearing(consumer.consume):
        await eventually(lambda: len(tries) >= 6)
    pauses = [after - before for before, after in pairwise(tries[:6])]
    least = (0.02, 0.04, 0.08, 0.08, 0.08)
    assert all(pause >= bound for pause, bound in zip(pauses, least, strict=True))
    assert await bench.committed() == 0


async def test_a_header_that_is_not_utf_8_does_not_skip_the_batch(bench):
    odd = bench.record(2)
    odd = replace(odd, headers=(*odd.headers, ("x-odd", b"\xff\xfe\xfa")))
    await bench.tell(bench.record(1), odd, bench.record(3))
    async with bench.hearing(bench.consumer().consume):
        await eventually(lambda: _is(bench.committed(), 3))
    assert await bench.count("effects") == 3


async def test_a_type_header_that_is_not_utf_8_is_quarantined_and_its_neighbours_applied(bench):
    odd = bench.record(2)
    headers = tuple((k, b"\xff" if k == "ce_type" else raw) for k, raw in odd.headers)
    await bench.tell(bench.record(1), replace(odd, headers=headers), bench.record(3))
    async with bench.hearing(bench.consumer().consume):
        await eventually(lambda: _is(bench.committed(), 3))
    assert (await bench.count("effects"), await bench.count("quarantine")) == (2, 1)


async def test_a_reply_to_header_publishes_nothing(bench):
    """A sender cannot make us publish where they like."""
    replies = Topic("replies.v1", "none", 1, 1, "nobody")
    await topics.ensure(bench.settings, {replies})
    where = bench.settings.kafka_topic_prefix + replies.name
    asking = bench.record(1)
    asking = replace(
        asking,
        headers=(*asking.headers, ("reply_to", where.encode()), ("correlation_id", b"c")),
    )
    await bench.tell(asking)
    async with bench.hearing(bench.consumer().consume):
        await eventually(lambda: _is(bench.committed(), 1))
    assert await bench.published(where) == []


async def test_an_effect_is_applied_once_though_its_record_is_delivered_twice(bench):
    delivered = []
    consumer = bench.consumer()

    async def on_batch(records):
        await consumer.consume(records)
        delivered.extend(records)

    await bench.tell(*(bench.record(n) for n in range(10)))
    async with bench.hearing(on_batch) as subscriber:
        await eventually(lambda: len(delivered) == 10)
        await subscriber.consumer.seek_to_beginning()
        await eventually(lambda: len(delivered) == 20)
    assert len(set(await bench.effects())) == len(await bench.effects()) == 10


async def test_two_groups_on_one_database_apply_an_event_once_between_them(bench):
    """As the old and the new owner of a partition may hold one record together."""
    await bench.tell(*(bench.record(n) for n in range(50)))
    consume = bench.consumer().consume
    async with bench.hearing(consume, group="old"), bench.hearing(consume, group="new"):
        await eventually(lambda: _is(bench.committed("old"), 50))
        await eventually(lambda: _is(bench.committed("new"), 50))
    assert len(set(await bench.effects())) == len(await bench.effects()) == 50


async def test_an_idle_consumer_is_not_deaf(bench):
    """FastStream sleeps this long after an empty poll; its default of 200 ms is our latency.

    A guard of the setting: what it brings is a timing, and `python -m bench pipeline` measures it.
    """
    subscriber = hear(
        make_broker(bench.settings),
        bench.settings,
        group="bench",
        topic=TOPIC,
        on_batch=bench.consumer().consume,
    )
    assert subscriber.batch_timeout_ms == 10


@pytest.mark.parametrize("broken", ["schema", "json", "header"])
async def test_an_unreadable_record_puts_nothing_of_it_into_the_logs(
    bench, our_logs, capsys, broken
):
    whole = bench.record(1)
    fields = json.loads(whole.value) | {"requested_at": CANARY}
    poison = {
        "schema": replace(whole, value=json.dumps(fields, ensure_ascii=False).encode()),
        "json": replace(whole, value=CANARY.encode()),
        "header": replace(whole, headers=(("ce_type", CANARY.encode()),)),
    }[broken]
    await bench.tell(poison)
    async with bench.hearing(bench.consumer().consume):
        await eventually(lambda: _is(bench.committed(), 1))
    printed = capsys.readouterr()
    said = our_logs() + printed.out + printed.err
    assert "quarantined" in said
    assert CANARY not in said
    assert json.dumps(CANARY) not in said


async def test_a_failing_handler_puts_nothing_of_the_event_into_the_logs(bench, our_logs, capsys):
    """Neither its own words nor the row that PostgreSQL repeats, in our line or a library's."""
    await bench.pool.execute("ALTER TABLE effects ADD CHECK (key = '')")
    canary = bench.record(1).key.decode()

    async def on_batch(records):
        if not await bench.count("quarantine"):
            await bench.consumer().consume(records)
            raise ValueError(canary)

    await bench.tell(bench.record(1))
    async with bench.hearing(on_batch):
        await eventually(lambda: _is(bench.committed(), 1))
    printed = capsys.readouterr()
    said = our_logs() + printed.out + printed.err
    assert "CheckViolationError 23514" in said
    assert "ValueError" in said
    assert canary not in said
