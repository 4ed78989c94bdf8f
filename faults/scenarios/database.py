"""PostgreSQL dies, is stopped at once, throws its clients out, or its answers are lost."""

import asyncio
import signal
from collections.abc import Callable

from faults.gathering import as_superuser
from faults.lab import Shape
from faults.proxy import Proxy, is_commit, is_produce
from faults.scenario import RATE_PER_S, Stage, scenario
from tools.stack.settings import SERVICES

PROXIED = Shape(proxied=True)
DETECTED_S_MAX = 60.0
THROW_OUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE usename = ANY($1::text[]) AND pid <> pg_backend_pid()"""


async def _down(stage: Stage, number: signal.Signals) -> str:
    part = stage.lab.parts["postgres"]
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(20 * stage.times):
            await asyncio.sleep(stage.chance.uniform(0.5, 3))
            await part.down(number)
            await part.begin()
            await stage.lab.back(["postgres"])
            await stage.back(*SERVICES)
    return f"{stage.harms} times"


@scenario("PostgreSQL killed", back_s=15.0)
async def postgres_killed(stage: Stage) -> str:
    """SIGKILL; `back` counts from when it is ready again."""
    return await _down(stage, signal.SIGKILL)


@scenario("PostgreSQL, immediate stop", back_s=15.0)
async def postgres_stopped_at_once(stage: Stage) -> str:
    """SIGQUIT: no checkpoint, sessions are cut."""
    return await _down(stage, signal.SIGQUIT)


@scenario("sessions terminated every 200 ms", back_s=15.0)
async def sessions_terminated(stage: Stage) -> str:
    """All sessions of all services at once, again and again."""
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(5 * stage.times):
            async with as_superuser(stage.lab) as tx:
                for _ in range(15):
                    await tx.execute(THROW_OUT, list(SERVICES))
                    await asyncio.sleep(0.2)
                    stage.harms += 1
            stage.backs.append(await stage.lab.back(SERVICES))
    return f"{stage.harms} times"


@scenario("answer of COMMIT lost", shape=PROXIED)
async def commit_answer_lost(stage: Stage) -> str:
    """The transaction commits, and who asked for it hears that the connection is gone."""
    return await _lose_answers(stage, stage.lab.postgres_proxy, is_commit)


@scenario("answer of Produce lost", shape=PROXIED)
async def produce_answer_lost(stage: Stage) -> str:
    """The broker has the records, and the relay (and SGO) must send them again."""
    return await _lose_answers(stage, stage.lab.kafka_proxy, is_produce)


async def _lose_answers(stage: Stage, proxy: Proxy | None, is_told: Callable[[bytes], bool]) -> str:
    """Three in ten of the answers to what `is_told`, for five times three seconds."""
    assert proxy
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(5 * stage.times):
            proxy.loses = lambda chunk: is_told(chunk) and stage.chance.random() < 0.3
            await asyncio.sleep(3)
            proxy.heal()
            stage.backs.append(await stage.lab.back(SERVICES))
    stage.harms = proxy.lost
    stage.expect(proxy.lost, "I2", "no answer was lost: nothing was tried")
    return f"{proxy.lost} answers lost"


@scenario("half-open link to PostgreSQL, then to Kafka", back_s=DETECTED_S_MAX, shape=PROXIED)
async def half_open(stage: Stage) -> str:
    """Nothing passes for half a minute, nothing is closed; then the link is whole again."""
    proxies = stage.lab.postgres_proxy, stage.lab.kafka_proxy
    async with stage.load.going_on(RATE_PER_S / 5):
        for proxy in proxies * stage.times:
            assert proxy
            await asyncio.sleep(stage.chance.uniform(1, 3))
            proxy.silence()
            await asyncio.sleep(30)
            ready = await stage.lab.are_ready(SERVICES)
            stage.expect(not ready, "I5", "services call themselves ready behind a dead link")
            proxy.heal()
            await stage.back(*SERVICES)
    return f"{stage.harms} times 30 s of silence"


@scenario("slow link to both", shape=PROXIED)
async def slow_link(stage: Stage) -> str:
    """Each chunk of bytes takes 50 ms more in each direction."""
    proxies = stage.lab.postgres_proxy, stage.lab.kafka_proxy
    async with stage.load.going_on(RATE_PER_S / 5):
        for proxy in proxies:
            assert proxy
            proxy.delay_s = 0.05
        await asyncio.sleep(30 * stage.times)
        for proxy in proxies:
            assert proxy
            proxy.heal()
            stage.harms += 1
        stage.backs.append(await stage.lab.back(SERVICES))
    return f"{30 * stage.times} s"
