"""The main job through the real services: sign-in, request, certificate, document, activation.

Needs nothing but `.local/demo.json`: `python -m tools.stack.main_job` runs it on a running stack.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import httpx
from aiokafka.errors import KafkaError
from chassis import clock
from pypdf import PdfReader

from tools.stack import demo_data, seed, settings
from tools.stack.cabinet import Cabinet, Deadline
from tools.stack.event_watch import EventWatch
from tools.stack.problem import Problem, told
from tools.stack.program import say

EVENTS_S_MAX: Final = 10.0
POLL_S: Final = 0.03
MORE_NAMES: Final = ("Михаил", "Даниил", "Тимофей", "Матвей", "Роман", "Кирилл", "Платон")
EXPECTED: Final = (
    "certificate.requested",
    "certificate.issued",
    "document.credentials.ready",
    "certificate.activated",
)


@dataclass(frozen=True)
class Outcome:
    """What the demo ends with. `missing`: events that were not seen on Kafka."""

    certificate: Mapping[str, Any]
    pdf: Path
    pdf_has_number: bool
    missing: tuple[str, ...]
    issued_ms: float
    ready_ms: float

    @property
    def is_good(self) -> bool:
        active: bool = self.certificate["status"] == "active"
        return active and self.pdf_has_number and not self.missing


async def run(demo: Mapping[str, Any], local: Path, tell: Callable[[str], None] = say) -> Outcome:
    """From the parent's sign-in to the activated certificate. Raises Problem where it stops."""
    try:
        async with (
            httpx.AsyncClient(timeout=20) as client,
            EventWatch(demo["kafka"], tell) as watch,
        ):
            return await _job(demo, local, client, watch, tell)
    except httpx.TransportError as error:
        raise Problem(
            f"A service did not answer ({type(error).__name__}): start the stack by make up."
        ) from None
    except KafkaError as error:
        raise Problem(
            f"Kafka at {demo['kafka']} did not answer ({type(error).__name__}):"
            " start the stack by make up."
        ) from None


async def _job(
    demo: Mapping[str, Any],
    local: Path,
    client: httpx.AsyncClient,
    watch: EventWatch,
    tell: Callable[[str], None],
) -> Outcome:
    parent = Cabinet(demo["urls"], client)
    await parent.sign_in(_user(demo, "parent", "two children"))
    child = await _child_without_certificate(parent, demo["kafka"], tell)
    tell(f"\n{child['full_name']}: «Получить сертификат»")
    watch.press(child["id"])
    certificate_id = await _request(parent, child["id"])
    issued_ms = _since(watch)
    card = (await parent.get("certificates", f"/children/{child['id']}/certificate"))["certificate"]
    pdf = await _document(parent, certificate_id)
    ready_ms = _since(watch)
    path = local / f"credentials-{card['number']}.pdf"
    path.write_bytes(pdf)
    await _activate(Cabinet(demo["urls"], client), demo, card["number"])
    seen = [await watch.expect(kind, EVENTS_S_MAX) for kind in EXPECTED]
    shown = await parent.get("certificates", f"/children/{child['id']}/certificate")
    return Outcome(
        certificate=shown["certificate"],
        pdf=path,
        pdf_has_number=_has_number(pdf, card["number"]),
        missing=tuple(kind for kind, was in zip(EXPECTED, seen, strict=True) if not was),
        issued_ms=issued_ms,
        ready_ms=ready_ms,
    )


def _user(demo: Mapping[str, Any], role: str, note: str) -> Mapping[str, str]:
    found: Mapping[str, str] = next(
        one for one in demo["users"] if (one["role"], one["note"]) == (role, note)
    )
    return found


def _since(watch: EventWatch) -> float:
    assert watch.pressed_at is not None
    return (time.monotonic() - watch.pressed_at) * 1000


async def _child_without_certificate(
    parent: Cabinet, bootstrap: str, tell: Callable[[str], None]
) -> Mapping[str, Any]:
    """The first child who may get a certificate; when all have one, SGO tells of one more."""
    deadline = Deadline("That identity and certificates know the family")
    told_of = 0
    while True:
        children: list[Mapping[str, Any]] = (await parent.get("identity", "/me"))["children"]
        all_known = True
        for child in children:
            answer = await parent.ask("certificates", f"/children/{child['id']}/certificate")
            all_known &= answer.status_code == httpx.codes.OK
            if all_known and answer.json()["eligibility"]["allowed"]:
                return child
        if all_known and len(children) >= max(2, told_of):
            told_of = len(children) + 1
            tell("Every child of the family has a certificate: SGO tells of one more child.")
            await _one_more_child(bootstrap, told_of)
        deadline.check()
        await asyncio.sleep(POLL_S)


async def _one_more_child(bootstrap: str, count: int) -> None:
    """As SGO would: the next child of the family, by the topics."""
    now = clock.now()
    name = f"Иванов {MORE_NAMES[count % len(MORE_NAMES)]} Иванович"
    events = demo_data.new_child(f"demo-child-{count}", name, 8, now.date())
    await seed.tell(bootstrap, events, now)


async def _request(parent: Cabinet, child: str) -> str:
    """The id of the certificate that was issued."""
    accepted = await parent.post(
        "certificates", f"/children/{child}/certificate-requests", key=str(clock.new_id())
    )
    deadline = Deadline("The decision about the request")
    while True:
        state = await parent.get("certificates", f"/certificate-requests/{accepted['request_id']}")
        if state["status"] == "issued":
            found: str = state["certificate_id"]
            return found
        if state["status"] == "refused":
            codes = ", ".join(reason["code"] for reason in state["reasons"])
            raise Problem(f"The certificate was refused ({codes}): run make demo again.")
        deadline.check()
        await asyncio.sleep(POLL_S)


async def _document(parent: Cabinet, certificate_id: str) -> bytes:
    """The credentials PDF, as soon as it can be downloaded. Until documents knows it: 404."""
    deadline = Deadline("The document")
    place = f"/certificates/{certificate_id}"
    while True:
        answer = await parent.ask("documents", f"{place}/documents")
        cards = answer.json() if answer.status_code == httpx.codes.OK else []
        if any((card["kind"], card["state"]) == ("credentials", "ready") for card in cards):
            return await parent.download("documents", f"{place}/credentials.pdf")
        deadline.check()
        await asyncio.sleep(POLL_S)


async def _activate(staff: Cabinet, demo: Mapping[str, Any], number: str) -> None:
    await staff.sign_in(_user(demo, "staff", "authorized"))
    checked = {
        "checked_documents": ["passport", "application"],
        "consent": True,
        "comment": "Документы проверены",
    }
    await staff.post("certificates", f"/certificates/{number}/activation", json=checked)


def _has_number(pdf: bytes, number: str) -> bool:
    """The document prints the number in groups, so spaces do not count."""
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return number in re.sub(r"\s", "", text)


def print_outcome(outcome: Outcome, tell: Callable[[str], None] = say) -> None:
    """Number, status, dates, path of the PDF, and what is not as it should be."""
    card = outcome.certificate
    tell(
        f"\nCertificate {card['number']}, {card['status']},"
        f" valid {card['valid_from']} to {card['valid_until']}"
        f"\nissued after {outcome.issued_ms:.0f} ms, document after {outcome.ready_ms:.0f} ms:"
        f"\n{outcome.pdf}"
    )
    if not outcome.pdf_has_number:
        tell("NOT GOOD: the document does not say this number.")
    if outcome.missing:
        tell(f"NOT GOOD: not seen on Kafka: {', '.join(outcome.missing)}.")


def main() -> int:
    """On a stack that runs already."""
    local = settings.load().local
    try:
        demo = json.loads((local / seed.DEMO_FILE).read_text())
    except (OSError, ValueError):
        raise Problem("There is no .local/demo.json: start the stack by make up.") from None
    outcome = asyncio.run(run(demo, local))
    print_outcome(outcome)
    return 0 if outcome.is_good else 1


if __name__ == "__main__":
    sys.exit(told(main))
