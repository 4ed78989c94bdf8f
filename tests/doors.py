"""A service's routes over HTTP, tokens signed as identity signs them, and what the outbox says."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from chassis import clock
from chassis.database import Pool
from chassis.outbox import Store
from chassis.tokens import ALGORITHM, AUDIENCE, ISSUER, TokenCheck
from chassis.web import make_app
from fastapi import APIRouter
from httpx import ASGITransport, AsyncClient, Request, Response
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from tests.builders import an_id

SIGNING_KEY = OKPKey.generate_key("Ed25519", {"kid": "test", "use": "sig", "alg": ALGORITHM})
# Whether somebody waits for a lock.
WAITING = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
    )
"""


AGAIN_AFTER_S = 300.0
_SIGNED_IN: dict[str, tuple[float, Callable[[], dict[str, str]]]] = {}


@dataclass(frozen=True, slots=True)
class Said:
    """A row of the outbox."""

    topic: str
    key: str
    kind: str | None
    event: dict[str, Any] | None


def bearer(name: str, *roles: str, **changes: object) -> dict[str, str]:
    """The header of somebody who has signed in."""
    issued = int(clock.now().timestamp())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": issued, "exp": issued + 600}
    claims |= {"sub": str(an_id(name)), "roles": list(roles)} | changes
    header = {"alg": ALGORITHM, "kid": SIGNING_KEY.kid}
    token = jwt.encode(header, claims, SIGNING_KEY, algorithms=[ALGORITHM])
    told = {"Authorization": f"Bearer {token}"}
    _SIGNED_IN[told["Authorization"]] = time.monotonic(), partial(bearer, name, *roles, **changes)
    return told


async def _sign_in_again(request: Request) -> None:
    """Who signed in when their module was imported: the suite takes longer than a token lives."""
    told = request.headers.get("Authorization", "")
    at, again = _SIGNED_IN.get(told, (math.inf, None))
    if again and time.monotonic() - at > AGAIN_AFTER_S:
        request.headers.update(again())


@asynccontextmanager
async def a_client(
    store: Store, settings: Any, router: APIRouter, state: Any, keys: KeySet | None = None
) -> AsyncIterator[AsyncClient]:
    """The routes of a service without its process; `keys` as if fetched from identity."""
    app = make_app("test", None, router)
    app.state.store, app.state.settings, app.state.service = store, settings, state
    app.state.token_check = check = TokenCheck("http://127.0.0.1:1/")
    check._keys, check._fetched_at = (
        keys or KeySet([SIGNING_KEY]),
        asyncio.get_running_loop().time(),
    )
    transport = ASGITransport(app)
    async with AsyncClient(
        transport=transport, base_url="http://test", trust_env=False,
        event_hooks={"request": [_sign_in_again]},
    ) as client:  # fmt: skip
        yield client


async def said(pool: Pool) -> list[Said]:
    """Each outbox row in order."""
    rows = await pool.fetch("SELECT topic, key, value, headers FROM outbox ORDER BY id")
    return [
        Said(
            row["topic"],
            row["key"],
            json.loads(row["headers"]).get("ce_type"),
            json.loads(row["value"]) if row["value"] else None,
        )
        for row in rows
    ]


def problem(answer: Response, status: int, code: str) -> Mapping[str, Any]:
    """The body of an error, checked for what every error has."""
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["title"]
    return body
