"""How each service is brought to each of its boundaries, so that it can die there.

Most are passed under the load anyway; rows are made due for the clock's jobs, and for the rest a
press, an import or an operator's command is given.
"""

import asyncio
import csv
import io
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import asyncpg
import httpx
from chassis import failpoint
from contracts.ids import user_id

from bench import people
from bench.town import KNOWN
from faults.lab import Lab
from faults.load import Load
from faults.scenario import Stage
from tools.stack.settings import SERVICES
from tools.verify import heal
from tools.verify.cures import Order

PASS_S_MAX = 30.0
ROWS = 20
# Who has the boundary at all; the rest is every service's.
HAS: Final[Mapping[str, Sequence[str]]] = {
    "import": ("identity", "certificates"), "calendar": ("certificates",), "retry": ("documents",),
}  # fmt: skip
MADE_DUE: Final = {
    "calendar": """UPDATE certificates SET valid_until = current_date - 2 WHERE certificate_id IN (
        SELECT certificate_id FROM certificates WHERE status = 'pending_activation' LIMIT 3)""",
    "retry": """UPDATE credentials
        SET state = 'failed', reason = 'child_unknown', retry_at = now()
        WHERE certificate_id IN (
            SELECT certificate_id FROM credentials WHERE state = 'ready' AND certificate_id NOT IN (
                SELECT certificate_id FROM certificate_ends
            ) LIMIT 3)""",
    "retention": """UPDATE inbox SET received_at = now() - interval '60 days' WHERE event_id IN (
        SELECT event_id FROM inbox LIMIT 3)""",
}
# A record that the service has acknowledged, to be heard again: it is parked first.
HEARD: Final = {"identity": "sgo.users.v1:0:0", "documents": "identity.users.v1:0:0"}
READY: Final = """SELECT certificate_id, child_id FROM credentials
    WHERE state = 'ready' AND child_id = ANY($1::uuid[]) LIMIT 1"""
Press = Callable[[Lab, Load, str], Awaitable[None]]


def pairs(only: str = "") -> list[tuple[str, str]]:
    """Every service with each failpoint that it has."""
    return [
        (service, name)
        for name in failpoint.NAMES
        for service in HAS.get(name.partition("-")[0], SERVICES)
        if only in ("", name)
    ]


async def crash(stage: Stage, service: str, name: str, dies_s_max: float) -> None:
    """The service is started with this failpoint, is brought there, dies, and comes back."""
    part, where = stage.lab.parts[service], name.partition("-")[0]
    press = PRESSES.get((service, where))
    await part.down(signal.SIGTERM)
    await _prepare(stage.lab, service, where)
    by_load = press is None and where not in MADE_DUE and (service, where) not in _PARKED
    before = len(part.deaths)
    await part.begin(FAILPOINT=f"{name}:{stage.chance.randint(1, 3) if by_load else 1}")
    if press:
        await _pressed(stage, service, press)
    died = await part.dies(dies_s_max, before)
    stage.expect(died, "I2", f"{service} never passed {name}: nothing was tried")
    stage.expect(part.deaths[-1] == -signal.SIGKILL, "I2", f"{service} ended otherwise at {name}")
    if not died:
        await part.down()
        await part.begin()
    await stage.back(service)


async def _prepare(lab: Lab, service: str, where: str) -> None:
    if where in MADE_DUE:
        connection = await asyncpg.connect(lab.databases[service])
        await connection.execute(MADE_DUE[where])
        await connection.close()
    if (service, where) in _PARKED:
        order = Order(service, ("chassis.commands", "record", "hear", "-", "--by", service))
        await heal.run(lab.parts[service].program.environment, order, [HEARD[service]])


async def _pressed(stage: Stage, service: str, press: Press) -> None:
    """The answer may die with the process; where it does not, the job behind it will."""
    deaths = stage.lab.parts[service].deaths
    before = len(deaths)
    await stage.lab.back([service])
    for _ in range(int(PASS_S_MAX / 0.5)):
        try:
            return await press(stage.lab, stage.load, service)
        except httpx.TransportError:
            return None
        except httpx.HTTPStatusError:  # who asks is not known to the service yet
            await asyncio.sleep(0.5)
        if len(deaths) > before:
            return None
    return None


async def _make_user(lab: Lab, load: Load, service: str) -> None:
    new = {"name": {"last_name": "Иванов", "first_name": "Иван"}, "roles": ["student"]}
    await _post(lab, load, f"{service}/users", json=new)


async def _download(lab: Lab, load: Load, service: str) -> None:
    connection = await asyncpg.connect(lab.databases[service])
    found = await connection.fetchrow(READY, list(load.tokens))
    await connection.close()
    assert found, "no student of the load has a document yet"
    url = f"{lab.url(service)}/certificates/{found['certificate_id']}/credentials.pdf"
    headers = {"Authorization": f"Bearer {load.tokens[found['child_id']]}"}
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        (await http.get(url, headers=headers)).raise_for_status()


async def _import_users(lab: Lab, load: Load, service: str) -> None:
    rows = [(load.fresh(), "Иванов", "Иван", "student") for _ in range(ROWS)]
    table = _table([("sgo_user_id", "last_name", "first_name", "roles"), *rows])
    await _post(lab, load, f"{service}/imports/users", content=table)


async def _import_certificates(lab: Lab, load: Load, service: str) -> None:
    """Of children whom SGO tells of now: they are known before the file is sent."""
    names = [load.fresh() for _ in range(ROWS)]
    await load.tell([people.record(people.student(name)) for name in names])
    connection = await asyncpg.connect(lab.databases[service])
    try:
        async with asyncio.timeout(PASS_S_MAX):
            ids = [user_id(name) for name in names]
            while await connection.fetchval(KNOWN, ids) < ROWS:  # noqa: ASYNC110  another process
                await asyncio.sleep(0.1)
    finally:
        await connection.close()
    year = datetime.now(UTC).year
    first = load.chance.randrange(10**10, 10**12 - ROWS)
    head = ("sgo_child_id", "number", "status", "valid_from", "valid_until", "issued_on")
    dates = f"01.09.{year - 1}", f"31.08.{year + 5}", f"25.08.{year - 1}"
    rows = [(name, str(first + n), "неактивирован", *dates) for n, name in enumerate(names)]
    await _post(lab, load, f"{service}/imports/certificates", content=_table([head, *rows]))


def _table(rows: Sequence[Sequence[str]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


async def _post(
    lab: Lab, load: Load, where: str, *, json: object = None, content: bytes | None = None
) -> None:
    service, _, path = where.partition("/")
    headers = {"Authorization": f"Bearer {await load.operator()}"}
    if content:
        headers["Content-Type"] = "text/csv"
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        url = f"{lab.url(service)}/{path}"
        answer = await http.post(url, headers=headers, json=json, content=content)
    answer.raise_for_status()


PRESSES: Final[Mapping[tuple[str, str], Press]] = {
    ("identity", "door"): _make_user,
    ("identity", "seal"): _make_user,
    ("documents", "door"): _download,
    ("documents", "seal"): _download,
    ("identity", "import"): _import_users,
    ("certificates", "import"): _import_certificates,
}
_PARKED: Final = {(service, "parking") for service in HEARD}
