"""Callers who come while a transaction is under way share the next one."""

import asyncio

import asyncpg
import httpx
import pytest
from chassis import together as together_
from chassis.doors import shared
from chassis.problems import Problem
from chassis.together import AT_ONCE, Together
from fastapi import FastAPI, Request


class Work:
    """Doubles numbers, in batches that it remembers; each waits until it may go on."""

    def __init__(self, fails=lambda _: None):
        self.batches = []
        self.go_on = asyncio.Event()
        self.fails = fails

    async def __call__(self, asks):
        self.batches.append(list(asks))
        await self.go_on.wait()
        if error := self.fails(asks):
            raise error
        return [ValueError(f"{ask}") if ask < 0 else 2 * ask for ask in asks]


async def answers(work, asks):
    """The first is under way alone when the others come."""
    together = Together(work)
    first = asyncio.create_task(together(asks[0]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(together(ask)) for ask in asks[1:]]
    await asyncio.sleep(0)
    work.go_on.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


async def test_who_comes_meanwhile_is_worked_on_at_once_and_answered_in_order():
    work = Work()
    assert await answers(work, [1, 2, 3]) == [2, 4, 6]
    assert work.batches == [[1], [2, 3]]


async def test_who_comes_soon_after_a_set_waits_for_company(monkeypatch):
    monkeypatch.setattr(together_, "EVERY_S", 1.0)
    work = Work()
    work.go_on.set()
    together = Together(work)
    assert await together(1) == 2
    soon = [asyncio.create_task(together(2))]
    for _ in range(20):
        await asyncio.sleep(0)
    soon.append(asyncio.create_task(together(3)))
    assert await asyncio.gather(*soon) == [4, 6]
    assert work.batches == [[1], [2, 3]]


async def test_a_batch_is_bounded():
    work = Work()
    assert len(await answers(work, list(range(AT_ONCE + 2)))) == AT_ONCE + 2
    assert [len(batch) for batch in work.batches] == [1, AT_ONCE, 1]


async def test_an_error_is_raised_where_it_was_asked_for_and_nowhere_else():
    one, two, three = await answers(Work(), [1, -2, 3])
    assert (one, three) == (2, 6)
    assert isinstance(two, ValueError)


async def test_what_cannot_be_applied_with_its_neighbours_stands_alone():
    work = Work(fails=lambda asks: KeyError("bad") if 2 in asks else None)
    one, two, three = await answers(work, [1, 2, 3])
    assert (one, three) == (2, 6)
    assert isinstance(two, KeyError)
    assert work.batches == [[1], [2, 3], [2], [3]]


async def test_while_the_database_is_away_nobody_is_tried_one_by_one():
    work = Work(fails=lambda _: asyncpg.ConnectionDoesNotExistError())
    found = await answers(work, [1, 2, 3])
    assert [type(one) for one in found] == [asyncpg.ConnectionDoesNotExistError] * 3
    assert work.batches == [[1], [2, 3]]


async def test_who_has_gone_spoils_nothing_for_the_others():
    work = Work()
    together = Together(work)
    gone, stays = asyncio.create_task(together(1)), asyncio.create_task(together(2))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    work.go_on.set()
    assert await stays == 4
    assert await together(5) == 10


async def test_nobody_waits_for_ever_whatever_ends_the_work():
    work = Work()
    together = Together(work)
    waiting = [asyncio.create_task(together(ask)) for ask in (1, 2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    together._worker.cancel()
    for one in waiting:
        with pytest.raises(RuntimeError):
            await one
    work.go_on.set()
    assert await together(3) == 6


async def test_too_few_answers_are_nobodys_answer():
    async def works_badly(asks):
        return []

    together = Together(works_badly)
    with pytest.raises(RuntimeError):
        await together(1)


async def test_no_more_wait_than_may(monkeypatch):
    monkeypatch.setattr(together_, "WAITING_MAX", 2)
    work = Work()
    together = Together(work)
    waiting = [asyncio.create_task(together(1))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting += [asyncio.create_task(together(ask)) for ask in (2, 3)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        await together(4)
    assert (refused.value.status, refused.value.body["code"]) == (503, "too_busy")
    work.go_on.set()
    assert await asyncio.gather(*waiting) == [2, 4, 6]


async def test_callers_of_a_route_share_and_each_application_by_itself():
    done = []

    async def work(store, doors, asks):
        done.append((store, doors, list(asks)))
        await asyncio.sleep(0)
        return [f"{store} {ask}" for ask in asks]

    ask = shared(work)

    def an_app(name):
        app = FastAPI()
        app.state.store, app.state.service = name, f"doors of {name}"

        @app.get("/{n}")
        async def show(n: int, http: Request) -> str:
            return await ask(http, n)

        transport = httpx.ASGITransport(app)
        return httpx.AsyncClient(transport=transport, base_url="http://test")

    async with an_app("one") as one, an_app("other") as other:
        found = await asyncio.gather(*(one.get(f"/{n}") for n in range(9)), other.get("/9"))
    assert [answer.json() for answer in found] == [*(f"one {n}" for n in range(9)), "other 9"]
    assert [asks for store, _, asks in done if store == "other"] == [[9]]
    assert {doors for store, doors, _ in done if store == "one"} == {"doors of one"}
    assert len(done) < 10
