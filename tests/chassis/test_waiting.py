"""A wait ends by the wake, by its time, and always by a cancellation; turns have pauses."""

import asyncio

import pytest
from chassis.waiting import Turns, woken

FOR_LONG_S = 1000.0


async def test_it_tells_whether_it_was_woken_in_time():
    event = asyncio.Event()
    assert not await woken(event, 0.01)
    event.set()
    assert await woken(event, FOR_LONG_S)


@pytest.mark.parametrize("ticks", range(6))
async def test_a_cancellation_that_comes_at_the_moment_of_the_wake_is_not_lost(ticks):
    """With each number of ticks of the loop between the two."""
    event, rounds = asyncio.Event(), 0

    async def wait_again_and_again():
        nonlocal rounds
        while rounds < 100:
            event.clear()
            await woken(event, FOR_LONG_S)
            rounds += 1
        raise AssertionError("it went on")

    task = asyncio.create_task(wait_again_and_again())
    await asyncio.sleep(0.01)
    event.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=0.2)
    assert done
    assert task.cancelled()


async def test_the_first_turn_waits_for_nothing_and_the_next_one_does():
    turns = Turns(FOR_LONG_S)
    first, next_ = asyncio.create_task(turns.come()), asyncio.create_task(turns.come())
    for _ in range(20):
        await asyncio.sleep(0)
    assert first.done()
    assert not next_.done()
    next_.cancel()


async def test_a_turn_comes_when_its_pause_is_over():
    turns = Turns(0.01)
    async with asyncio.timeout(FOR_LONG_S):
        for _ in range(3):
            await turns.come()
