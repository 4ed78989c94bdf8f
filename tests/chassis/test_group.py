"""A consumer among others of its group: sessions, rebalances, and the traps in them."""

import asyncio
from collections.abc import Callable

import pytest
from chassis.records import place
from documents.build import Workshop, page_pool
from documents.credentials_page.render import CURRENT, render_compiled
from identity.hashing import Hashing

from tests.documents.pages import LONG, values
from tests.waiting import eventually

SESSION_MS = 3000  # however busy the machine, the loop comes round within it


async def hash_passwords(until: Callable[[], bool]) -> None:
    hashing = Hashing()
    while not until():
        await asyncio.gather(*(hashing.hash("a password") for _ in range(4)))


async def make_slow_pages(until: Callable[[], bool]) -> None:
    slow = values(full_name=LONG)
    assert render_compiled(CURRENT, slow) is None
    with page_pool() as pool:
        workshop = Workshop(b"k" * 32, slow.portal_url, pool, CURRENT)
        while not until():
            await asyncio.gather(*(workshop.pdf(CURRENT, slow) for _ in range(4)))


@pytest.mark.apache
async def test_slow_work_that_outlasts_the_session_costs_no_partition(bench):
    """Heartbeats share the event loop: who computes on it is taken for dead, and heard twice."""
    bench.settings = bench.settings.model_copy(update={"kafka_session_timeout_ms": SESSION_MS})
    heard = []

    async def on_batch(records):
        heard.append([record.offset for record in records])
        clock = asyncio.get_running_loop().time
        deadline = clock() + 1.1 * SESSION_MS / 1000
        await asyncio.gather(
            *(work(lambda: clock() > deadline) for work in (hash_passwords, make_slow_pages))
        )

    await bench.tell(bench.record(1))
    async with bench.hearing(on_batch):
        await eventually(lambda: acknowledged(bench, 1))
    assert heard == [[0]]


async def acknowledged(bench, count: int) -> bool:
    return await bench.committed() == count


@pytest.mark.apache
async def test_a_member_that_joins_beside_a_handler_doubles_no_effect(bench):
    """An eager rebalance does not wait for it: both hold the same records, each effect is one."""
    bench.rejoin_soon()
    consumer, held = bench.consumer(), set[str]()
    began, both_hold_it, go_on, ended = (asyncio.Event() for _ in range(4))

    async def slowly(records):
        held.update(map(place, records))
        began.set()
        await go_on.wait()
        await consumer.consume(records)
        ended.set()

    async def beside(records):
        await consumer.consume(records)
        if held.intersection(map(place, records)):
            both_hold_it.set()

    records = [bench.record(n, f"child {n}") for n in range(60)]
    await bench.tell(*records, partition=None)
    async with bench.hearing(slowly):
        await asyncio.wait_for(began.wait(), 20)
        async with bench.hearing(beside):
            await asyncio.wait_for(both_hold_it.wait(), 20)
            go_on.set()
            await asyncio.wait_for(ended.wait(), 20)
            await eventually(lambda: applied(bench, len(records)))
    effects = await bench.effects()
    assert len(effects) == len(set(effects)) == len(records)


async def applied(bench, count: int) -> bool:
    return await bench.count("effects") >= count


async def test_members_are_not_static(bench):
    """It is half done in aiokafka; a member has no name of its own."""
    async with bench.hearing(bench.consumer().consume) as subscriber:
        await eventually(subscriber.consumer.assignment)
        assert subscriber.consumer._group_instance_id is None
