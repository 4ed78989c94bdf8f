"""How soon a door is closed, end to end by HTTP: from the call that closes it to the first refusal.

`python -m bench closing`: a stack of its own, nothing else going on. Each child is asked for, and
then loses its password, the link to its parent and its certificate. The doors are asked again and
again while the call is on its way, so a number is as fine as one answer takes.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4  # noqa: TID251  new children at each run

import argon2
import httpx
import pypdf
from aiokafka import AIOKafkaProducer
from contracts.ids import user_id

from bench import people
from bench.results import Result, within
from bench.town import a_town_stack
from tools.stack import demo_data
from tools.stack.apart import Stack
from tools.stack.consents import agree_for

COUNT = 100
WAIT_S_MAX = 30.0
PASSWORD_LENGTH = 14
TARGET_MS = 1000.0
Headers = dict[str, str]
Check = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Town:
    """The running stack, and who has signed in there."""

    http: httpx.AsyncClient
    urls: dict[str, str]
    parent: Headers
    operator: Headers
    portal: Headers

    async def call(self, method: str, service: str, path: str, who: Headers, **more: Any) -> Any:
        return await self.http.request(method, f"{self.urls[service]}{path}", headers=who, **more)

    async def answers(self, service: str, path: str, status: int) -> bool:
        return bool((await self.call("GET", service, path, self.parent)).status_code == status)


def main() -> list[Result]:
    with a_town_stack() as stack:
        return asyncio.run(measure(stack))


async def measure(stack: Stack) -> list[Result]:
    urls = stack.demo["urls"]
    producer = AIOKafkaProducer(bootstrap_servers=stack.demo["kafka"], acks="all")
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http, producer:
        who = {
            user["note"]: await _sign_in(http, urls, user)
            for user in stack.demo["users"]
            if user["note"] in {"two children", "operator", "pfdo"}
        }
        town = Town(http, urls, who["two children"], who["operator"], who["pfdo"])
        me = (await town.call("GET", "identity", "/me", town.parent)).json()["user_id"]
        waits = defaultdict[str, list[float]](list)
        for _ in range(COUNT):
            child = await _new_child(town, producer)
            certificate, number = await _certificate(town, child)
            for measured in (
                await _rotation(town, certificate),
                await _removed_link(town, me, child, certificate),
                await _annulment(town, certificate, number),
            ):
                for what, took_ms in measured.items():
                    waits[what].append(took_ms)
    found = [within(what, times, p99=TARGET_MS) for what, times in waits.items()]
    for one in found:
        print(f"  {one.what}: {one.measured}")
    return found


async def _sign_in(http: httpx.AsyncClient, urls: dict[str, str], user: dict[str, str]) -> Headers:
    form = {"username": user["login"], "password": user["password"]}
    if user["role"] == "client":
        form = {
            "grant_type": "client_credentials",
            "client_id": user["login"],
            "client_secret": user["password"],
        }
    answer = await http.post(f"{urls['identity']}/token", data=form)
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


async def _new_child(town: Town, producer: AIOKafkaProducer) -> str:
    sgo_id = f"bench-{uuid4()}"
    today = datetime.now(UTC).date()  # noqa: TID251
    events = demo_data.new_child(sgo_id, "Проверочный Иван Иванович", 9, today)
    await people.send(producer, [people.record(event) for event in events])
    child = str(user_id(sgo_id))
    await agree_for(town.http, town.urls["certificates"], town.parent, child)
    await _until(lambda: _may_ask(town, child), "the child is not known")
    return child


async def _may_ask(town: Town, child: str) -> bool:
    page = await town.call("GET", "certificates", f"/children/{child}/certificate", town.parent)
    return bool(page.is_success and page.json()["eligibility"]["allowed"])


async def _certificate(town: Town, child: str) -> tuple[str, str]:
    """Its id and number, once its credentials can be downloaded."""
    path = f"/children/{child}/certificate"
    await town.call("POST", "certificates", f"{path}-requests", town.parent)
    card: dict[str, str] = {}

    async def there() -> bool:
        page = (await town.call("GET", "certificates", path, town.parent)).json()
        card.update(page["certificate"] or {})
        pdf = f"/certificates/{card.get('id', child)}/credentials.pdf"
        return bool(card) and await town.answers("documents", pdf, 200)

    await _until(there, "no certificate was made")
    return card["id"], card["number"]


async def _rotation(town: Town, certificate: str) -> dict[str, float]:
    """Until the new page is given out and the portal gets no hash of the old password."""
    path, account = f"/certificates/{certificate}/credentials", f"/portal-accounts/{certificate}"

    async def page() -> bytes:
        answer = await town.call("GET", "documents", f"{path}.pdf", town.parent)
        return bytes(answer.content)

    async def hashed() -> str:
        answer = await town.call("GET", "documents", account, town.portal)
        return str(answer.json()["password_hash"])

    old, known = await page(), await hashed()
    words = pypdf.PdfReader(BytesIO(old)).pages[0].extract_text().split()
    like_one = [word for word in words if word.isascii() and len(word) == PASSWORD_LENGTH]
    (password,) = [word for word in like_one if _is_of(known, word)]

    async def hash_is_new() -> bool:
        return not _is_of(await hashed(), password)

    async def page_is_new() -> bool:
        return await page() != old

    press = town.call("POST", "documents", f"{path}/rotation", town.parent)
    took = await _race(press, {"page": page_is_new, "hash": hash_is_new})
    return {
        "a new password → the old page is not given out": took["page"],
        "a new password → the portal gets no hash of the old one": took["hash"],
    }


def _is_of(known: str, password: str) -> bool:
    try:
        return argon2.PasswordHasher().verify(known, password)
    except argon2.exceptions.VerifyMismatchError:
        return False


async def _removed_link(town: Town, parent: str, child: str, certificate: str) -> dict[str, float]:
    link = f"/child-links/{parent}/{child}"
    page, list_ = f"/children/{child}/certificate", f"/certificates/{certificate}/documents"
    took = await _race(
        town.call("DELETE", "identity", link, town.operator),
        {
            "certificates": lambda: town.answers("certificates", page, 404),
            "documents": lambda: town.answers("documents", list_, 404),
        },
    )
    await town.call("PUT", "identity", link, town.operator)
    await _until(lambda: town.answers("certificates", page, 200), "the link is not back")
    await _until(lambda: town.answers("documents", list_, 200), "the link is not back")
    return {f"a removed link → {service} refuses": ms for service, ms in took.items()}


async def _annulment(town: Town, certificate: str, number: str) -> dict[str, float]:
    pdf = f"/certificates/{certificate}/credentials.pdf"
    path = f"/certificates/{number}/annulment"
    annul = town.call("POST", "certificates", path, town.parent, json={"reason": "not_needed"})
    took = await _race(annul, {"documents": lambda: town.answers("documents", pdf, 410)})
    return {"an annulled certificate → documents refuses": took["documents"]}


async def _race(call: Awaitable[Any], doors: dict[str, Check]) -> dict[str, float]:
    """Milliseconds from the start of the call to the first refusal of each door."""
    started = time.perf_counter()

    async def closed(check: Check) -> float:
        await _until(check, "a door stayed open")
        return (time.perf_counter() - started) * 1000

    answer, *took = await asyncio.gather(call, *map(closed, doors.values()))
    answer.raise_for_status()
    return dict(zip(doors, took, strict=True))


async def _until(check: Check, otherwise: str) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not await check():
        if time.monotonic() > deadline:
            raise SystemExit(f"After {WAIT_S_MAX:.0f} s {otherwise}.")
