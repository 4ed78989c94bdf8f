"""What is rarer: a clock that is wrong, a full disk, a topic with more partitions."""

import asyncio
import resource
import signal
from pathlib import Path

import psutil
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from contracts import topics

from faults.scenario import RATE_PER_S, Stage, scenario
from tools.stack.settings import SERVICES

FULL_S = 15
NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def _faketime() -> Path | None:
    return next(Path("/usr/lib").glob("**/faketime/libfaketime.so.1"), None)


def _no_faketime() -> str | None:
    return None if _faketime() else "libfaketime is not installed"


@scenario("clock one hour ahead, one hour behind", skip=_no_faketime)
async def wrong_clock(stage: Stage) -> str:
    """Certificates lives an hour ahead and documents an hour behind."""
    library = str(_faketime())
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(stage.times):
            for name, shift in (("certificates", "+1h"), ("documents", "-1h")):
                part = stage.lab.parts[name]
                await part.down(signal.SIGTERM)
                await part.begin(
                    LD_PRELOAD=library, FAKETIME=shift, FAKETIME_DONT_FAKE_MONOTONIC="1"
                )
                await stage.back(name)
            await asyncio.sleep(10)
            for name in ("certificates", "documents"):
                await stage.lab.parts[name].down(signal.SIGTERM)
                await stage.lab.parts[name].begin()
                await stage.back(name)
    return f"{stage.harms} starts"


@scenario("the disk of the services' logs is full")
async def disk_full(stage: Stage) -> str:
    """No service can write a byte for a while, by RLIMIT_FSIZE; then it can again."""
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(2 * stage.times):
            await asyncio.sleep(stage.chance.uniform(1, 3))
            for name in SERVICES:
                _limit(stage, name, (1, resource.RLIM_INFINITY))
                stage.harms += 1
            before = _logged(stage)
            await asyncio.sleep(FULL_S)
            stage.expect(_logged(stage) == before, "I5", "logs grew: nothing was tried")
            for name in SERVICES:
                _limit(stage, name, NO_LIMIT)
            stage.backs.append(await stage.lab.back(SERVICES))
        stage.expect(await _logs_again(stage, before), "I5", "nothing is logged any more")
    deaths = {name: stage.lab.parts[name].deaths for name in SERVICES}
    stage.expect(not any(deaths.values()), "I5", f"a full disk ended processes: {deaths}")
    return f"{stage.harms} services for {FULL_S} s"


def _logged(stage: Stage) -> int:
    logs = [stage.lab.parts[name].program.log for name in SERVICES]
    return sum(log.stat().st_size for log in logs)


async def _logs_again(stage: Stage, before: int) -> bool:
    """Under load the journals are sealed each second, and that is logged."""
    for _ in range(200):
        if _logged(stage) > before:
            return True
        await asyncio.sleep(0.1)
    return False


def _limit(stage: Stage, name: str, limits: tuple[int, int]) -> None:
    psutil.Process(stage.lab.parts[name].pid).rlimit(psutil.RLIMIT_FSIZE, limits)


@scenario("partition count raised")
async def more_partitions(stage: Stage) -> str:
    """Of the topics that SGO writes, from 12 to 16; then the services are started anew."""
    raised = (topics.CERTIFICATE_REQUESTS, topics.CERTIFICATE_REQUESTS_BULK, topics.SGO_USERS)
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.lab.kafka)
    await admin.start()
    async with stage.load.going_on(RATE_PER_S):
        await asyncio.sleep(3)
        await admin.create_partitions(
            {topic.name: NewPartitions(total_count=topic.partitions + 4) for topic in raised}
        )
        await admin.close()
        stage.load.forget_partitions()
        await asyncio.sleep(3)
        for name in SERVICES:
            await stage.lab.parts[name].down(signal.SIGTERM)
            await stage.lab.parts[name].begin()
            await stage.back(name)
        await asyncio.sleep(3)
    return f"{len(raised)} topics"
