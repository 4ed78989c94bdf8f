"""Documents are built before a transaction opens, also those that waited for their child."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from chassis.batches import Consumer
from chassis.handlers import by_event
from documents import consumers
from documents.build import Workshop

from tests.builders import MOSCOW, a_user
from tests.documents.desk import QUICK, Desk, issued

OPEN = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'idle in transaction'"
)


@dataclass(frozen=True)
class Watched(Workshop):
    """The workshop, and how many transactions were open each time it built something."""

    pool: Any
    seen: list[int] = field(default_factory=list)

    async def build(self, orders):
        if orders:
            self.seen.append(await self.pool.fetchval(OPEN))
        return await super().build(orders)


@pytest.fixture
def watched(desk) -> Desk:
    shop = desk.workshop
    workshop = Watched(
        shop.master_key, shop.portal_url, shop.executor, shop.template_version, desk.pool
    )
    handlers = by_event(consumers.handlers(desk.pool, workshop, MOSCOW), "")
    return Desk(Consumer(desk.door.store, handlers, desk.door.key, "", QUICK), workshop)


async def test_what_was_parked_is_built_before_its_transaction_opens(watched):
    await watched.consume(issued("one"), issued("two", "780000000029"))
    await watched.consume(a_user("one"), a_user("two"))
    await watched.try_parked()
    assert watched.workshop.seen == [0]
    assert (await watched.row("one"))["state"] == (await watched.row("two"))["state"] == "ready"


async def test_two_batches_on_their_way_together_are_each_built_before(watched):
    """Each would otherwise throw away what was built for the other, and build it inside."""
    children = [f"child {n}" for n in range(4)]
    await watched.consume(*(a_user(child) for child in children))
    await asyncio.gather(
        *(watched.consume(issued(child, f"78{n:010}")) for n, child in enumerate(children))
    )
    assert len(watched.workshop.seen) == 4
