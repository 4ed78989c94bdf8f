"""The main job over HTTP, as the cabinet does it: press, wait, download, activate."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import httpx
from chassis import clock
from contracts.ids import user_id

from tools.stack import consents, demo_data, paper, seed
from tools.stack.follow import Press
from tools.stack.program import POLL_S, say

STEP_S_MAX: Final = 60.0
EVENTS: Final = (
    "certificate.requested",
    "certificate.issued",
    "document.credentials.ready",
    "certificate.activated",
)


class Wrong(Exception):
    """Something is not as it should be; the message says what."""


@dataclass(frozen=True)
class Shown:
    child: str
    number: str
    status: str
    valid_from: str
    valid_until: str
    pdf: Path
    events: tuple[str, ...] = EVENTS


async def run(known: Mapping[str, Any], press: Press, folder: Path) -> Shown:
    """Raises Wrong."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        family = await _signed_in(client, known, "two children")
        child = await family.child_without_certificate()
        say(f"\nThe parent presses «Получить сертификат» for {child['full_name']}:")
        press.now()
        certificate_id = await family.request(child["id"])
        pdf = await family.download(certificate_id, folder)
        card = await family.card(child["id"])
        paper.check(pdf, card["number"])
        say("The employee of the authorized organization has checked the papers:")
        desk = await _signed_in(client, known, "authorized")
        await desk.activate(card["number"])

        async def is_active() -> Any:
            found = await family.card(child["id"])
            return found if found["status"] == "active" else None

        card = await _until(is_active, "the certificate is active")
        for name in ("valid_from", "valid_until"):
            card[name] = f"{date.fromisoformat(card[name]):%d.%m.%Y}"
        fields = ("number", "status", "valid_from", "valid_until")
        return Shown(child=child["id"], pdf=pdf, **{name: card[name] for name in fields})


async def _signed_in(client: httpx.AsyncClient, known: Mapping[str, Any], note: str) -> "Person":
    user = next(user for user in known["users"] if user["note"] == note)
    form = {"username": user["login"], "password": user["password"]}
    answer = await client.post(f"{known['urls']['identity']}/token", data=form)
    token = _good(answer, httpx.codes.OK).json()["access_token"]
    return Person(client, known, {"Authorization": f"Bearer {token}"})


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    client: httpx.AsyncClient
    known: Mapping[str, Any]
    headers: Mapping[str, str]

    async def get(self, service: str, path: str) -> httpx.Response:
        url = f"{self.known['urls'][service]}{path}"
        return await self.client.get(url, headers=self.headers)

    async def post(self, path: str, body: Any, key: str) -> httpx.Response:
        url = f"{self.known['urls']['certificates']}{path}"
        headers = {**self.headers, "Idempotency-Key": key}
        return await self.client.post(url, json=body, headers=headers)

    async def child_without_certificate(self) -> Any:
        """The first child who may get one; a new child when all have theirs."""
        me = _good(await self.get("identity", "/me"), httpx.codes.OK).json()
        for child in sorted(me["children"], key=lambda child: child["birth_date"]):
            if await self.may_get(child["id"]):
                return child
        place = len(me["children"]) + 1
        name = demo_data.later_name(place)
        said = demo_data.new_child(f"demo-child-{place}", name, 7, clock.now().date())
        say("Every child has a certificate already, so SGO tells of a new one.")
        await seed.tell(self.known["kafka"], said, clock.now())
        new = {"id": str(user_id(f"demo-child-{place}")), "full_name": name}
        await _until(lambda: self.may_get(new["id"]), "the new child is known")
        return new

    async def may_get(self, child_id: str) -> bool:
        answer = await self.get("certificates", f"/children/{child_id}/certificate")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        return bool(_good(answer, httpx.codes.OK).json()["eligibility"]["allowed"])

    async def request(self, child_id: str) -> str:
        """Agree, press; returns the certificate's id once it is issued."""
        certificates = self.known["urls"]["certificates"]
        await consents.agree_for(self.client, certificates, self.headers, child_id)
        path = f"/children/{child_id}/certificate-requests"
        key = f"demo-{time.time_ns()}"
        accepted = _good(await self.post(path, {}, key), httpx.codes.ACCEPTED).json()

        async def state() -> Any:
            answer = await self.get(
                "certificates", f"/certificate-requests/{accepted['request_id']}"
            )
            found = _good(answer, httpx.codes.OK).json()
            return found if found["status"] != "pending" else None

        found = await _until(state, "the request is decided")
        if found["status"] != "issued":
            raise Wrong(f"the request was {found['status']}: {found['reasons']}")
        return str(found["certificate_id"])

    async def card(self, child_id: str) -> Any:
        answer = await self.get("certificates", f"/children/{child_id}/certificate")
        return _good(answer, httpx.codes.OK).json()["certificate"]

    async def download(self, certificate_id: str, folder: Path) -> Path:
        """The portal credentials, once they are built."""

        async def url() -> Any:
            answer = await self.get("documents", f"/certificates/{certificate_id}/documents")
            if answer.status_code == httpx.codes.NOT_FOUND:
                return None
            cards = _good(answer, httpx.codes.OK).json()
            ready = [c for c in cards if c["kind"] == "credentials" and c["state"] == "ready"]
            return ready[0]["url"] if ready else None

        answer = await self.get("documents", await _until(url, "the PDF is ready"))
        path = folder / f"credentials-{certificate_id}.pdf"
        path.write_bytes(_good(answer, httpx.codes.OK).content)
        path.chmod(0o600)
        return path

    async def activate(self, number: str) -> None:
        body = {
            "checked_documents": ["свидетельство о рождении", "паспорт родителя", "СНИЛС"],
            "consent": True,
            "comment": "Документы проверены",
        }
        answer = await self.post(f"/certificates/{number}/activation", body, f"demo-{number}")
        if not answer.is_success:
            raise Wrong(f"activation answers {answer.status_code}: {answer.text[:300]}")


def _good(answer: httpx.Response, code: int) -> httpx.Response:
    if answer.status_code != code:
        where = f"{answer.request.method} {answer.request.url.path}"
        raise Wrong(f"{where} answers {answer.status_code}: {answer.text[:300]}")
    return answer


async def _until(ask: Callable[[], Awaitable[Any]], what: str) -> Any:
    deadline = time.monotonic() + STEP_S_MAX
    while not (answer := await ask()):
        if time.monotonic() > deadline:
            raise Wrong(f"it did not come true within {STEP_S_MAX:.0f} s that {what}")
        await asyncio.sleep(POLL_S)
    return answer
