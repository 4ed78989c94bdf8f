"""Every route of an application asked as everybody, for everybody's things.

Routes come from the OpenAPI document of the application that is asked, so that a new one is asked
as well.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chassis import clock
from chassis.database import Pool
from chassis.problems import not_found
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient, Response
from joserfc import jwt
from joserfc.jwk import OKPKey

from tests.badly import good
from tests.doors import SIGNING_KEY, bearer
from tests.routes.who_may import (
    ANYBODY,
    KID,
    NONE,
    NOTHING_THERE,
    ROLES,
    SPOILT,
    UNLISTED,
    WHO_MAY,
    WHOSE,
    may,
)

IDS = re.compile(r"\{(\w+)\}")
NOBODYS = {"municipality", "organization_id"}  # in an address, and not a thing that somebody has
WORDS = {"type", "status", "code", "title", "detail"}
TABLES = """
SELECT tablename FROM pg_tables
WHERE schemaname = 'public' AND tablename !~ '(yoyo|^journal_(start|links))' ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who stands behind a role, as their token says it."""

    user_id: UUID
    roles: tuple[str, ...]
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Town:
    """A service on a database of its own; `settle` makes it as it was at the beginning."""

    service: str
    http: AsyncClient
    pool: Pool
    people: Mapping[str, Somebody]
    settle: Callable[[], Awaitable[Mapping[str, Mapping[str, object]]]]
    bodies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    async def document(self) -> Mapping[str, Any]:
        """What the application says of itself."""
        found: Mapping[str, Any] = (await self.http.get("/openapi.json")).json()
        return found

    async def routes(self) -> dict[str, Mapping[str, Any]]:
        """Each route, as «GET /path», and what OpenAPI says of it."""
        document = await self.document()
        return {
            f"{method.upper()} {path}": said
            for path, methods in document["paths"].items()
            for method, said in methods.items()
        }

    def unlisted(self) -> set[str]:
        """Addresses that are served and not in the document, besides those of every service."""
        served: Any = self.http._transport
        routes = iter_route_contexts(served.app.routes)
        return {str(one.path) for one in routes if not one.include_in_schema} - UNLISTED


@dataclass(slots=True)
class Asked:
    """How much was asked, and what was answered otherwise than the table says."""

    count: int = 0
    complaints: list[str] = field(default_factory=list)


async def those_who_may_not(town: Town) -> Asked:
    """Each is told that it is not there, or to sign in; whatever they ask changes nothing."""
    ids, asked = await town.settle(), Asked()
    before = await _state(town.pool)
    for route, allowed, whose in await _questions(town):
        for role in [role for role in ROLES if not may(allowed, role, whose)]:
            await _ask(town, asked, route, ids[whose or KID], role, _refused(role))
        if allowed is not ANYBODY:
            let_in = min(role for role in ROLES if may(allowed, role, None))
            for spoilt in SPOILT:
                if is_wrong := _spoilt_is_refused(route, spoilt):
                    await _ask(town, asked, route, ids[whose or KID], let_in, is_wrong, spoilt)
    if await _state(town.pool) != before:
        asked.complaints.append("something was changed by who may change nothing")
    return asked


async def those_who_may(town: Town) -> Asked:
    """Each is let in, from the state that the town begins with; streams last until they end."""
    ids, asked, streams = await town.settle(), Asked(), list[Awaitable[None]]()
    for route, allowed, whose in await _questions(town):
        for role in [role for role in ROLES if whose != NONE and may(allowed, role, whose)]:
            if not route.startswith("GET "):
                ids = await town.settle()
            wrong = _is_not_there if route in NOTHING_THERE else _let_in
            question = _ask(town, asked, route, ids[whose or KID], role, wrong)
            if route.endswith("/events"):
                streams.append(question)
            else:
                await question
    await asyncio.gather(*streams)
    return asked


async def _questions(town: Town) -> list[tuple[str, frozenset[str] | set[str], str | None]]:
    """Each route, who may, and whose things are in its address."""
    return [
        (route, WHO_MAY[town.service][route], whose)
        for route in await town.routes()
        for whose in (WHOSE if set(IDS.findall(route)) - NOBODYS else (None,))
    ]


async def _ask(
    town: Town,
    asked: Asked,
    route: str,
    ids: Mapping[str, object],
    role: str,
    wrong: Callable[[Response], str],
    spoilt: str = "",
) -> None:
    method, path = route.split()
    more = dict(town.bodies.get(route) or good(method, path, await town.document()))
    spoilt = "lasts two seconds" if wrong is _let_in and route.endswith("/events") else spoilt
    headers = _headers(town, role, spoilt) | more.pop("headers", {})
    url = IDS.sub(lambda part: str(ids[part[1]]), path)
    answer = await town.http.request(method, url, headers=headers, **more)
    asked.count += 1
    if why := wrong(answer):
        asked.complaints.append(f"{role} {spoilt} {method} {url}: {why}")


def _headers(town: Town, role: str, spoilt: str) -> dict[str, str]:
    if role == "nobody":
        return {}
    who, now = town.people[role], int(clock.now().timestamp())
    changed: dict[str, dict[str, object]] = {
        "expired": {"iat": now - 700, "exp": now - 100},
        "another issuer": {"iss": "somebody"},
        "another audience": {"aud": "something"},
        "too long": {"exp": now + 3600},
        "lasts two seconds": {"exp": now + 2},  # a stream ends with the sign-in
        "one-time password": {"scope": "password:change"},
    }
    claims = {"sub": str(who.user_id), "scope": who.scope} | changed.get(spoilt, {})
    headers = bearer(role, *who.roles, **claims)
    return _forged(headers) if spoilt == "another key" else headers


def _forged(headers: Mapping[str, str]) -> dict[str, str]:
    """The same claims under the name of the right key: only the signature is another's."""
    token = headers["Authorization"].removeprefix("Bearer ")
    known = jwt.decode(token, SIGNING_KEY, algorithms=["Ed25519"])
    token = jwt.encode(known.header, known.claims, OKPKey.generate_key("Ed25519"), ["Ed25519"])
    return {"Authorization": f"Bearer {token}"}


def _refused(role: str) -> Callable[[Response], str]:
    return _is_signed_out if role == "nobody" else _is_not_there


def _spoilt_is_refused(route: str, spoilt: str) -> Callable[[Response], str] | None:
    if spoilt != "one-time password":
        return _is_signed_out
    return None if route == "POST /me/password" else _is_to_change_it


def _is_not_there(answer: Response) -> str:
    """Not a letter more than of a thing that there is not."""
    as_told = answer.status_code == 404 and answer.json() == not_found().body
    return "" if as_told else _told(answer)


def _is_signed_out(answer: Response) -> str:
    return _unless(answer, 401, "unauthorized")


def _is_to_change_it(answer: Response) -> str:
    return _unless(answer, 403, "password_change_required")


def _unless(answer: Response, status: int, code: str) -> str:
    as_told = answer.status_code == status and answer.json()["code"] == code
    return "" if as_told and set(answer.json()) <= WORDS else _told(answer)


def _let_in(answer: Response) -> str:
    """It was done, or cannot be done in this state, which is told only to who may."""
    return "" if answer.is_success or answer.status_code == 409 else _told(answer)


def _told(answer: Response) -> str:
    return f"{answer.status_code} {answer.content[:200]!r}"


async def emptied(pool: Pool) -> None:
    """Nobody is known any more; the journal cannot be emptied."""
    tables = {row[0] for row in await pool.fetch(TABLES)} - {"journal", "number_key"}
    gone = ", ".join(f"_{name} AS (DELETE FROM {name})" for name in sorted(tables))
    await pool.execute(f"WITH {gone} SELECT")  # one statement: their references are looked at last


async def _state(pool: Pool) -> dict[str, str]:
    """A digest of each table, the journal as well: nobody is written down for what was refused."""
    digest = "SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {} AS t"
    tables = [row[0] for row in await pool.fetch(TABLES)]
    return {table: await pool.fetchval(digest.format(table)) for table in tables}
