"""Two releases beside each other, on the same topics and in the same tables."""

import asyncio
import signal
from collections.abc import Sequence
from http import HTTPStatus

import asyncpg
import httpx

from faults import release
from faults.lab import Shape
from faults.load import AGAIN_S, TRIES
from faults.scenario import RATE_PER_S, Stage, scenario
from tools.stack.settings import SERVICES

# A state of main that knew less of the tables than this one: its replicas meet later migrations.
EARLIER = "3064b5c6"
# New documents are of a template version that both know, as the operators' guide asks.
TOLD = {"CREDENTIALS_TEMPLATE": "credentials-1"}
MIXED = Shape(replicas=dict.fromkeys(SERVICES, 2), commit=EARLIER, variables=TOLD)
SOME = """SELECT certificate_id, child_id FROM credentials
    WHERE state = 'ready' AND child_id = ANY($1::uuid[]) ORDER BY random() LIMIT 20"""


@scenario(
    "old and new version side by side",
    back_s=30.0, shape=MIXED, skip=lambda: release.why_not(EARLIER),
)  # fmt: skip
async def two_versions(stage: Stage) -> str:
    """All are old; the tables become new, one by one the replicas too; back; and new again."""
    names = stage.lab.of(*SERVICES)
    async with stage.load.going_on(RATE_PER_S):
        await asyncio.sleep(2)
        await stage.lab.migrate()
        for _ in range(stage.times):
            for earlier in (False, True, False):
                stage.chance.shuffle(names)
                await _replace(stage, names, earlier=earlier)
                await _give_out(stage)
    return f"{len(names)} replicas of {EARLIER} were replaced, rolled back and replaced again"


async def _replace(stage: Stage, names: Sequence[str], *, earlier: bool) -> None:
    for name in names:
        part = stage.lab.parts[name]
        code = await part.down(signal.SIGTERM)
        # How the earlier release ends is no promise of this one.
        stage.expect(code == 0 or not earlier, "I6", f"{name} ended with {code} when asked to")
        stage.lab.choose(name, earlier=earlier)
        await part.begin()
        await stage.back(name)
        await asyncio.sleep(stage.chance.uniform(1, 3))  # the two work beside each other


async def _give_out(stage: Stage) -> None:
    """Each replica of documents gives out what any other has built."""
    tokens = stage.load.tokens
    connection = await asyncpg.connect(stage.lab.databases["documents"])
    found = await connection.fetch(SOME, list(tokens))
    await connection.close()
    stage.expect(bool(found), "I6", "no document was built yet")
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        for name in stage.lab.of("documents"):
            for row in found:
                url = f"{stage.lab.url(name)}/certificates/{row['certificate_id']}/credentials.pdf"
                status = await _asked(http, url, tokens[row["child_id"]])
                stage.expect(status == HTTPStatus.OK, "I6", f"{name} answered {status}")


async def _asked(http: httpx.AsyncClient, url: str, token: str) -> int | None:
    """The status; None where no connection lasts."""
    for _ in range(TRIES):
        try:
            return (await http.get(url, headers={"Authorization": f"Bearer {token}"})).status_code
        except httpx.TransportError:
            await asyncio.sleep(AGAIN_S)
    return None
