"""What is rarer: a clock that is wrong, a full disk, a topic with more partitions."""

import asyncio
import resource
import signal
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import psutil
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from chassis import clock
from contracts import topics

from faults import gathering
from faults.scenario import RATE_PER_S, Stage, scenario
from tools.stack.settings import SERVICES
from tools.verify import heal as heal_
from tools.verify.__main__ import Places, heal
from tools.verify.cures import Order

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


@scenario("Kafka's tail lost", back_s=30.0)
async def tail_lost(stage: Stage) -> str:
    """Kafka is killed, half of each log of ours is cut off; `make verify heal=1` says it again."""
    lab, load = stage.lab, stage.load
    load.deaf = True  # who has heard what is gone is no measure of what is there
    await load.run(RATE_PER_S * 2, 300)
    await load.over()
    await gathering.healed(lab)
    await lab.parts["kafka-1"].down(signal.SIGKILL)
    lost = sum(_cut(log) for log in _our_logs(lab.settings.local / "kafka-1" / "log"))
    await lab.parts["kafka-1"].begin()
    await lab.back(["kafka-1"])
    await stage.back(*SERVICES)
    where = Places(lab.databases, lab.kafka, "")

    async def run(order: Order, lines: Sequence[str]) -> Sequence[str]:
        return await heal_.run(lab.parts[order.service].program.environment, order, lines)

    given = await heal(where, run, lambda: clock.now() + timedelta(minutes=2))
    stage.expect(given, "I1", "there was nothing to heal: nothing was tried")
    async with load.going_on(RATE_PER_S):  # and it goes on
        await asyncio.sleep(5)
    return f"{lost} bytes cut off, {given} gaps healed"


def _our_logs(folder: Path) -> list[Path]:
    names = (topics.CERTIFICATES.name, topics.DOCUMENTS.name)
    return [log for name in names for log in sorted(folder.glob(f"{name}-*/*.log"))]


def _cut(log: Path) -> int:
    """How many bytes of its end are gone."""
    size = log.stat().st_size
    with log.open("r+b") as file:
        file.truncate(size // 2)
    return size - size // 2
