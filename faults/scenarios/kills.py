"""Processes of ours die: at each boundary, at random, and because they are asked to."""

import asyncio
import signal

from faults import passing
from faults.load import Load
from faults.scenario import RATE_PER_S, Stage, scenario
from tools.stack.settings import SERVICES

DIES_S_MAX = 40.0
EXIT_S_MAX = 30.0


@scenario("kill -9 at every failpoint", within_s=1800.0)
async def kill_at_failpoints(stage: Stage) -> str:
    """Each service is started with each failpoint that it has, dies there, and comes back.

    The three at the same time: each meets neighbours that have just died.
    """
    async with stage.load.going_on(RATE_PER_S):
        await asyncio.sleep(2)
        topping_up = asyncio.create_task(_keep_topped_up(stage.load))
        async with asyncio.TaskGroup() as group:
            for service in SERVICES:
                group.create_task(_crashes(stage, service))
        topping_up.cancel()
    return f"{len(passing.pairs(stage.only))} boundaries, {stage.harms} crashes"


async def _crashes(stage: Stage, service: str) -> None:
    for _ in range(stage.times):
        for owner, name in passing.pairs(stage.only):
            if owner == service:
                await passing.crash(stage, service, name, DIES_S_MAX)


async def _keep_topped_up(load: Load) -> None:
    while True:
        await _topped_up(load)
        await asyncio.sleep(1)


async def _topped_up(load: Load) -> None:
    """Students enough for a while: who asks by HTTP was told of before."""
    if load.left < 50:
        await load.settle(1000)


@scenario("random kill -9 of any service", within_s=2400.0)
async def random_kills(stage: Stage) -> str:
    """A service dies every half a second to four seconds, whether or not the last one is back."""
    kills = 300 * stage.times
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(kills):
            await asyncio.sleep(stage.chance.uniform(0.5, 4))
            stage.lab.parts[stage.chance.choice(SERVICES)].send(signal.SIGKILL)
            stage.harms += 1
            await _topped_up(stage.load)
        stage.backs.append(await stage.lab.back())
    return f"{kills} kills"


@scenario("SIGTERM, rolling restart", back_s=30.0, within_s=2400.0)
async def rolling_restarts(stage: Stage) -> str:
    """Each service in turn is asked to end, ends with 0 in time, and is started again."""
    clock, slowest = asyncio.get_running_loop().time, 0.0
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(50 * stage.times):
            for service in SERVICES:
                part, began = stage.lab.parts[service], clock()
                await asyncio.sleep(stage.chance.uniform(0.2, 1))
                code = await part.down(signal.SIGTERM)
                slowest = max(slowest, clock() - began)
                stage.expect(code == 0, "I6", f"{service} ended with {code} when asked to")
                await part.begin()
                await stage.back(service)
            await _topped_up(stage.load)
    stage.expect(slowest <= EXIT_S_MAX, "I5", f"an end took {slowest:.1f} s")
    return f"{stage.harms} restarts, the slowest end {slowest:.1f} s"
