"""Replicas that are taken for dead and go on, and groups that never come to rest."""

import asyncio
import signal

from chassis.relay import RELAY_LOCK

from faults.gathering import as_superuser
from faults.lab import ONE_EACH, SESSION_MS, Shape
from faults.scenario import RATE_PER_S, Stage, scenario

TWO = Shape(replicas={**ONE_EACH, "certificates": 2, "documents": 2})
HANG_S = SESSION_MS / 1000 + 3
# Whose session holds the relay's lock, and by which port its client is reached.
HOLDER = """SELECT a.pid, a.client_port FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objid = $1 AND a.datname = $2"""


@scenario("zombie consumer: hung past its session, then goes on", shape=TWO)
async def zombie_consumer(stage: Stage) -> str:
    """A replica is stopped amid its work until others have its partitions, and is then resumed."""
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(3 * stage.times):
            name = stage.chance.choice(stage.lab.of("certificates", "documents"))
            await asyncio.sleep(stage.chance.uniform(1, 3))
            await _hung(stage, name)
            await stage.back(name)
    return f"{stage.harms} hangs of {HANG_S:.0f} s"


async def _hung(stage: Stage, name: str) -> None:
    part = stage.lab.parts[name]
    part.send(signal.SIGSTOP)
    try:
        await asyncio.sleep(HANG_S)
    finally:
        part.send(signal.SIGCONT)


@scenario("zombie relay: its session is ended while it hangs, then it goes on", shape=TWO)
async def zombie_relay(stage: Stage) -> str:
    """The active relay hangs amid its sends, another one takes over, and the first resumes."""
    taken_over = 0
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(3 * stage.times):
            service = stage.chance.choice(("certificates", "documents"))
            await asyncio.sleep(stage.chance.uniform(1, 3))
            backend, name = await _holder(stage, service)
            part = stage.lab.parts[name]
            part.send(signal.SIGSTOP)
            try:
                async with as_superuser(stage.lab) as tx:
                    await tx.execute("SELECT pg_terminate_backend($1)", backend)
                other, by = await _holder(stage, service)
                taken_over += (other != backend) and by != name
                await asyncio.sleep(HANG_S)
            finally:
                part.send(signal.SIGCONT)
            await stage.back(name)
    stage.expect(taken_over, "I5", "no other relay ever took over")
    return f"{stage.harms} hangs of {HANG_S:.0f} s, another relay took over {taken_over} times"


async def _holder(stage: Stage, service: str) -> tuple[int, str]:
    """The backend that holds the relay's lock, and whose it is. Raises TimeoutError."""
    async with asyncio.timeout(30), as_superuser(stage.lab) as tx:
        while not (row := await tx.fetchrow(HOLDER, RELAY_LOCK, service)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    for name in stage.lab.of(service):
        if row["client_port"] in stage.lab.parts[name].local_ports():
            return row["pid"], name
    return await _holder(stage, service)  # it has gone in between


@scenario("rebalance storm", shape=TWO)
async def rebalance_storm(stage: Stage) -> str:
    """Replicas of one service: two, four, one, two and so on, a change every few seconds."""
    lab = stage.lab
    names = [*lab.of("certificates"), lab.add("certificates"), lab.add("certificates")]
    running = set(names[:2])
    async with stage.load.going_on(RATE_PER_S):
        for count in (4, 1, 3, 1, 4, 2) * 5 * stage.times:
            for name in names[:count]:
                if name not in running:
                    await lab.parts[name].begin()
                    running.add(name)
                    stage.harms += 1
            for name in names[count:]:
                if name in running:
                    await lab.parts[name].down(
                        stage.chance.choice((signal.SIGTERM, signal.SIGKILL))
                    )
                    running.discard(name)
                    stage.harms += 1
            await asyncio.sleep(stage.chance.uniform(2, 6))
        stage.backs.append(await lab.back(sorted(running)))
    for name in set(names) - running:
        del lab.parts[name]
    stage.expect(stage.harms >= 50, "I5", "fewer than 50 rebalances")
    return f"{stage.harms} members came or went"
