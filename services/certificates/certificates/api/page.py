"""HTTP IN: the child's page in the cabinet.

Who looks while others' pages are read shares the next reading (`chassis.together`): a few queries
for sets, however many families come at once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from chassis import clock, journal
from chassis.auth import SignedIn
from chassis.database import Tx
from chassis.doors import shared
from chassis.outbox import Store
from chassis.problems import Problem, not_found
from contracts.values import RefusalCode, RequesterRole
from fastapi import APIRouter, Request
from pydantic import BaseModel

from certificates import decide, desk_store, store
from certificates.api.common import CertificateCard, Doors, TheMoment, card
from certificates.decide import Facts, Region
from certificates.reasons import Reason, explain

router = APIRouter(tags=["family"])


class RequestCard(BaseModel):
    id: UUID
    status: Literal["pending", "issued", "refused"]
    requested_at: datetime
    certificate_id: UUID | None
    reasons: list[Reason]


class Eligibility(BaseModel):
    allowed: bool
    reasons: list[Reason]


class ChildsCertificate(BaseModel):
    """The latest certificate of a child, the request that tells most, whether one may be asked for.

    `request` is the one that a certificate which is pending, active or suspended was issued for;
    else the latest, but for those that were refused because the child had a certificate already.
    `consent_needed`: a parent has not agreed yet, or not any more; a press asks for it, unless
    `eligibility` has reasons why not.
    """

    certificate: CertificateCard | None
    request: RequestCard | None
    eligibility: Eligibility
    consent_needed: bool


class Look(NamedTuple):
    """Somebody looks at a child's page."""

    user_id: UUID
    child_id: UUID
    at: datetime


async def read(tx: Tx, region: Region, looks: Sequence[Look]) -> list[ChildsCertificate | None]:
    """The page of each, or None for who may not see it; looks are journalled."""
    pairs = [(look.user_id, look.child_id) for look in looks]
    days = [clock.day_in(region.zone, look.at) for look in looks]
    roles = await store.as_whom(tx, pairs)
    facts = await store.facts_of(tx, pairs, days, region)
    told = await store.told(tx, pairs)
    seen = [
        (look, role)
        for look, role, known in zip(looks, roles, facts, strict=True)
        if role and known.child
    ]
    staff = [look.user_id for look, role in seen if role is RequesterRole.staff]
    works_at = await desk_store.organizations_of(tx, staff)
    await journal.looks(tx, [
        journal.Entry(look.at, look.user_id, role, "saw_card", look.child_id,
                      works_at.get(look.user_id))
        for look, role in seen
    ])  # fmt: skip
    return [
        _page(role, known, row) if role and known.child else None
        for role, known, row in zip(roles, facts, told, strict=True)
    ]


def _page(role: RequesterRole, facts: Facts, told: Any) -> ChildsCertificate:
    codes = decide.why_not(role, facts)
    return ChildsCertificate(
        certificate=card(told) if told["number"] else None,
        request=_request(told) if told["request_id"] else None,
        eligibility=Eligibility(allowed=not codes, reasons=explain(codes)),
        consent_needed=role is RequesterRole.parent and not told["agreed"],
    )


def _request(told: Any) -> RequestCard:
    return RequestCard(
        id=told["request_id"],
        status=told["request_status"],
        requested_at=told["requested_at"],
        certificate_id=told["request_certificate_id"],
        reasons=explain([RefusalCode(code) for code in told["codes"]]),
    )


async def _read(
    store_: Store, doors: Doors, looks: Sequence[Look]
) -> list[ChildsCertificate | Problem]:
    async with store_.pool.acquire() as tx:
        return [page or not_found() for page in await read(tx, doors.region, looks)]


_page_of = shared(_read)


@router.get("/children/{child_id}/certificate")
async def show_certificate(
    child_id: UUID, who: SignedIn, at: TheMoment, http: Request
) -> ChildsCertificate:
    """What the cabinet's page shows: number, status, dates, or why the button is not there."""
    return await _page_of(http, Look(who.user_id, child_id, at))
