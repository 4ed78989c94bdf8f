"""Processes of ours die: at each boundary, at random, and because they are asked to."""

import asyncio
import signal

import asyncpg
import httpx
from chassis import failpoint

from faults.load import Load
from faults.scenario import RATE_PER_S, Stage, scenario
from tools.stack.settings import SERVICES

DIES_S_MAX = 40.0
EXIT_S_MAX = 30.0
# Who passes which boundary under this load; the rest of COMMITS is every service's.
PASSED_BY = {
    "parking": ["certificates"], "door": ["certificates"], "import": ["identity"],
    "calendar": ["certificates"], "retry": ["documents"], "seal": ["certificates"],
    "retention": ["identity"],
}  # fmt: skip
DUE = """UPDATE certificates SET valid_until = current_date - 2 WHERE certificate_id IN (
    SELECT certificate_id FROM certificates WHERE status = 'pending_activation' LIMIT 3)"""
FAILED = """UPDATE credentials SET state = 'failed', reason = 'child_unknown', retry_at = now()
WHERE certificate_id IN (SELECT certificate_id FROM credentials WHERE state = 'ready' LIMIT 3)"""
OLD = """UPDATE inbox SET received_at = now() - interval '60 days' WHERE event_id IN (
    SELECT event_id FROM inbox LIMIT 3)"""
MADE_DUE = {"calendar": DUE, "retry": FAILED, "retention": OLD}


@scenario("kill -9 at every failpoint", within_s=1800.0)
async def kill_at_failpoints(stage: Stage) -> str:
    """Each service is started with each failpoint that it passes, dies there, and comes back."""
    crashes = [
        (service, name)
        for name in failpoint.NAMES
        for service in PASSED_BY.get(name.partition("-")[0], SERVICES)
        if stage.only in ("", name)
    ]
    async with stage.load.going_on(RATE_PER_S):
        await asyncio.sleep(2)
        for _ in range(stage.times):
            for service, name in crashes:
                await _crash(stage, service, name)
    return f"{len(crashes)} crashes, each at a boundary of its own"


async def _crash(stage: Stage, service: str, name: str) -> None:
    part, where = stage.lab.parts[service], name.partition("-")[0]
    await part.down(signal.SIGTERM)
    times = 1
    if where in MADE_DUE:
        await _make_due(stage.lab.databases[service], where)
    elif where != "import":
        times = stage.chance.randint(1, 3)
    before = len(part.deaths)
    await part.begin(FAILPOINT=f"{name}:{times}")
    await _topped_up(stage.load)
    if where == "import":
        await stage.lab.back([service])
        await _import(stage, service)
    died = await part.dies(DIES_S_MAX) or len(part.deaths) > before
    stage.expect(died, "I2", f"{service} never passed {name}: nothing was tried")
    stage.expect(part.deaths[-1] == -signal.SIGKILL, "I2", f"{service} ended otherwise at {name}")
    if not died:
        await part.down()
        await part.begin()
    await stage.back(service)


async def _topped_up(load: Load) -> None:
    """Students enough for a while: who asks by HTTP was told of before."""
    if load.left < 50:
        await load.settle(1000)


async def _make_due(database: str, where: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(MADE_DUE[where])
    finally:
        await connection.close()


async def _import(stage: Stage, service: str) -> None:
    """Some users as a file; the operator's press may end with the process."""
    token = await stage.load.operator()
    rows = "".join(f"{stage.load.fresh()},Иванов,Иван,student\n" for _ in range(20))
    table = f"sgo_user_id,last_name,first_name,roles\n{rows}"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        url = f"{stage.lab.url(service)}/imports/users"
        answer = await http.post(url, headers=headers, content=table.encode())
        answer.raise_for_status()


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
