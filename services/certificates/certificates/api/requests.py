"""HTTP IN: somebody presses «Получить сертификат», and later asks what became of it.

Presses that come while a transaction is under way share the next one (`chassis.together`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Literal, NamedTuple
from uuid import UUID

from chassis import journal, outbox
from chassis.auth import SignedIn
from chassis.doors import IdempotencyKey, TheStore, key_of
from chassis.openapi import answers
from chassis.outbox import Store
from chassis.problems import Problem, key_reused, not_found
from chassis.throttle import expect_seldom
from chassis.together import Together
from contracts import Envelope
from contracts.events import CertificateRequested, Requester
from contracts.ids import derived
from contracts.values import RefusalCode, RequesterRole
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from certificates import consent, desk_store, store
from certificates.api.common import TheDoors, TheMoment
from certificates.consumers import SOURCE
from certificates.reasons import Reason, explain

router = APIRouter(tags=["family"])


class Accepted(BaseModel):
    request_id: UUID


class RequestState(BaseModel):
    status: Literal["pending", "issued", "refused"]
    certificate_id: UUID | None
    reasons: list[Reason]


class Press(NamedTuple):
    """One press of the button; the same `request_id` is the same press."""

    user_id: UUID
    child_id: UUID
    request_id: UUID
    at: datetime
    correlation_id: str
    traceparent: str | None


@router.post(
    "/children/{child_id}/certificate-requests", status_code=202, responses=answers(409, 429)
)
async def request_certificate(
    child_id: UUID,
    who: SignedIn,
    store_: TheStore,
    at: TheMoment,
    doors: TheDoors,
    http: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Accepted:
    """Accept the request; the decision follows as an event. The same key gives the same request.

    A parent must have given consent before (`POST /children/{child_id}/consents`). At most 60 times
    a minute by one person for one child.
    """
    expect_seldom(doors.pressed, f"{who.user_id}:{child_id}", at)
    request_id = derived(key_of(who.user_id, idempotency_key), "certificate-request")
    if doors.presses is None:
        doors.presses = Together(partial(write_down, store_, doors.consent))
    scope = http.scope
    press = Press(who.user_id, child_id, request_id, at, scope["request_id"],
                  scope.get("traceparent"))  # fmt: skip
    await doors.presses(press)
    response.headers["Location"] = f"/certificate-requests/{request_id}"
    return Accepted(request_id=request_id)


async def write_down(
    store_: Store, in_force: consent.Text, presses: Sequence[Press]
) -> list[Problem | None]:
    """Each new press becomes a request, an event and an entry of the journal.

    Returns for each press why it cannot be, or None.
    """
    pairs = [(press.user_id, press.child_id) for press in presses]
    async with store_.transaction() as tx:
        roles = await store.as_whom(tx, pairs)
        agreed = await store.consented(tx, pairs) if "parent" in roles else set()
        closed = [
            _closed(role, pair in agreed, in_force) for role, pair in zip(roles, pairs, strict=True)
        ]
        asked: dict[UUID, tuple[Press, CertificateRequested]] = {}
        for press, role, problem in zip(presses, roles, closed, strict=True):
            if role and not problem:
                asked.setdefault(press.request_id, (press, _request(press, role)))
        requests = [request for _, request in asked.values()]
        await store.lock_children(tx, [request.child_id for request in requests])
        opened = await store.open_requests(tx, requests)
        new = [one for request_id, one in asked.items() if request_id in opened]
        await outbox.append(tx, [_said(*one) for one in new])
        works_at = await desk_store.organizations_of(tx, _staff(new))
        await journal.append(tx, [_entry(*one, works_at) for one in new])
        child_of = await store.children_of_requests(tx, list(asked))
    return [
        problem or _other_child(press, child_of)
        for press, problem in zip(presses, closed, strict=True)
    ]


def _closed(role: RequesterRole | None, agreed: bool, in_force: consent.Text) -> Problem | None:
    """404 for a stranger; a parent is asked for consent first."""
    if role is None:
        return not_found()
    if role is not RequesterRole.parent or agreed:
        return None
    return Problem(
        409,
        "consent_needed",
        "Нужно согласие на обработку персональных данных",
        "Прочитайте текст согласия и подтвердите его, затем получите сертификат.",
        text_version=in_force.version,
        text=in_force.text,
    )


def _other_child(press: Press, child_of: Mapping[UUID, UUID]) -> Problem | None:
    return None if child_of.get(press.request_id) == press.child_id else key_reused()


def _request(press: Press, role: RequesterRole) -> CertificateRequested:
    return CertificateRequested(
        child_id=press.child_id,
        request_id=press.request_id,
        requester=Requester(user_id=press.user_id, role=role),
        requested_at=press.at,
    )


def _said(press: Press, request: CertificateRequested) -> Envelope:
    return Envelope(
        event=request,
        id=derived(press.request_id, request.TYPE),
        source=SOURCE,
        time=press.at,
        correlation_id=press.correlation_id,
        traceparent=press.traceparent,
    )


def _staff(asked: Sequence[tuple[Press, CertificateRequested]]) -> list[UUID]:
    return [press.user_id for press, one in asked if one.requester.role is RequesterRole.staff]


def _entry(
    press: Press, request: CertificateRequested, works_at: Mapping[UUID, str]
) -> journal.Entry:
    organization, role = works_at.get(press.user_id), request.requester.role
    return journal.Entry(press.at, press.user_id, role, "requested", press.child_id, organization)


@router.get("/certificate-requests/{request_id}")
async def show_request(request_id: UUID, who: SignedIn, store_: TheStore) -> RequestState:
    """What became of a request: for who may ask for the child."""
    async with store_.pool.acquire() as tx:
        row = await store.get_request(tx, request_id)
        if row is None or await store.as_whom(tx, [(who.user_id, row["child_id"])]) == [None]:
            raise not_found()
    return RequestState(
        status=row["status"],
        certificate_id=row["certificate_id"],
        reasons=explain([RefusalCode(code) for code in row["codes"]]),
    )
