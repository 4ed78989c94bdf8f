"""An open page hears of each change, and nothing more once the link has ended."""

import asyncio
import json

import pytest
from certificates.watch import OF_ONE_MAX, PAGES_MAX, Page, Watch
from chassis import clock
from chassis.problems import Problem
from chassis.tokens import Principal
from contracts import Tombstone, topics
from contracts.events import ChildUnlinked

from tests.builders import a_record, a_user, an_id


def who(name: str, seconds: float = 600) -> Principal:
    return Principal(an_id(name), frozenset(), None, clock.now().timestamp() + seconds)


async def opened(watch, principal):
    stream = watch.follow(principal, an_id("child"))
    assert await anext(stream) == "retry: 3000\n\n"
    return stream


async def test_a_page_hears_the_state_and_then_each_change(town, number):
    watch = Watch()
    stream = await opened(watch, who("parent"))
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    await watch.look(town.store)
    first = await waiting
    assert json.loads(first.partition("data: ")[2])["status"] == "pending_activation"
    await town.store.pool.execute("UPDATE certificates SET status = 'active', version = 2")
    await watch.look(town.store)
    second = json.loads((await anext(stream)).partition("data: ")[2])
    assert (second["status"], second["version"]) == ("active", 2)


async def test_nothing_is_told_twice(town, number):
    watch = Watch()
    stream = await opened(watch, who("parent"))
    await watch.look(town.store)
    await anext(stream)
    await watch.look(town.store)
    (page,) = watch._pages
    assert not page.news.is_set()


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(
            ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2), id="link"
        ),
        pytest.param(a_user("parent", role="staff", born=None, version=2), id="role of a parent"),
    ],
)
async def test_the_stream_ends_with_the_link_and_with_the_role(town, number, ended):
    watch = Watch()
    stream = await opened(watch, who("parent"))
    await watch.look(town.store)
    await anext(stream)
    await town.consume([a_record(ended)])
    await watch.look(town.store)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert not watch._pages


async def test_the_stream_ends_with_the_erasure_of_who_follows_it(town, number):
    """The link stays as it was: no event says that it ended."""
    watch = Watch()
    stream = await opened(watch, who("parent"))
    await watch.look(town.store)
    await anext(stream)
    await town.consume([a_record(Tombstone(str(an_id("parent"))), topic=topics.IDENTITY_USERS)])
    await watch.look(town.store)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_the_stream_ends_with_the_sign_in():
    stream = await opened(Watch(), who("parent", seconds=-1))
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_there_is_a_bound_on_open_pages():
    watch = Watch()
    watch._pages = {Page(an_id(f"{n}"), an_id("child")) for n in range(PAGES_MAX)}
    with pytest.raises(Problem, match="too_many_pages"):
        watch.follow(who("parent"), an_id("child"))


async def test_who_opens_many_pages_shuts_out_nobody_else():
    watch = Watch()
    watch._pages = {Page(an_id("parent"), an_id("child")) for _ in range(OF_ONE_MAX)}
    with pytest.raises(Problem, match="too_many_pages"):
        watch.follow(who("parent"), an_id("child"))
    assert watch.follow(who("neighbours parent"), an_id("neighbour"))
