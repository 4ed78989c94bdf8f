"""HTTP IN for the family, and for whoever asks on a child's behalf: the page, consent."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from chassis import clock, journal
from chassis.auth import SignedIn
from chassis.doors import TheStore
from chassis.problems import Problem, not_found
from chassis.tokens import Principal
from contracts.values import RefusalCode, RequesterRole
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from certificates import consent, decide, store
from certificates.api.common import CertificateCard, TheDoors, TheRegion, card
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
    """The latest certificate of a child, the latest request, and whether a new one may be asked."""

    certificate: CertificateCard | None
    request: RequestCard | None
    eligibility: Eligibility


class Consent(BaseModel):
    """What is agreed to; `given_at` is None while it is not, or not any more."""

    purpose: str = consent.PURPOSE
    text_version: str = consent.VERSION
    text: str = consent.TEXT
    given_at: datetime | None


class GivenConsent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text_version: str


async def _as_whom(tx: Any, who: Principal, child_id: UUID) -> RequesterRole:
    """As whom this user may ask for this child at this moment; 404 for a stranger."""
    (role,) = await store.as_whom(tx, [(who.user_id, child_id)])
    if role is None:
        raise not_found()
    return role


def _codes(row: Any) -> list[RefusalCode]:
    return [RefusalCode(code) for code in row["codes"]]


@router.get("/children/{child_id}/certificate")
async def show_certificate(
    child_id: UUID, who: SignedIn, store_: TheStore, region: TheRegion
) -> ChildsCertificate:
    """What the cabinet's page shows: number, status, dates, or why the button is not there."""
    at = clock.now()
    today = clock.day_in(region.zone, at)
    async with store_.pool.acquire() as tx:
        role = await _as_whom(tx, who, child_id)
        facts = await store.load_facts_of(tx, child_id, who.user_id, today, region)
        if facts.child is None:
            raise not_found()
        certificate = await store.latest_certificate(tx, child_id)
        request = await store.latest_request(tx, child_id)
        await journal.looked(tx, journal.Entry(at, who.user_id, role, "saw_card", child_id))
    codes = decide.why_not(role, facts)
    return ChildsCertificate(
        certificate=card(certificate) if certificate else None,
        request=request
        and RequestCard(
            id=request["request_id"],
            status=request["status"],
            requested_at=request["requested_at"],
            certificate_id=request["certificate_id"],
            reasons=explain(_codes(request)),
        ),
        eligibility=Eligibility(allowed=not codes, reasons=explain(codes)),
    )


@router.get("/children/{child_id}/consent")
async def show_consent(child_id: UUID, who: SignedIn, store_: TheStore) -> Consent:
    """The text in force, and when this user agreed to it for this child."""
    async with store_.pool.acquire() as tx:
        await _as_whom(tx, who, child_id)
        return Consent(given_at=await store.consented_at(tx, child_id, who.user_id))


@router.post("/children/{child_id}/consents", status_code=201)
async def give_consent(
    child_id: UUID, given: GivenConsent, who: SignedIn, store_: TheStore
) -> Consent:
    """A record of its own: who agreed to which text and when. Given again, it stays as it is."""
    at = clock.now()
    if given.text_version != consent.VERSION:
        raise Problem(
            409,
            "consent_text_changed",
            "Текст согласия изменился",
            "Прочитайте новый текст и подтвердите его.",
            text_version=consent.VERSION,
            text=consent.TEXT,
        )
    async with store_.transaction() as tx:
        role = await _as_whom(tx, who, child_id)
        if await store.give_consent(tx, clock.new_id(), child_id, who.user_id, at):
            entry = journal.Entry(at, who.user_id, role, "consented", child_id,
                                  details=consent.VERSION)  # fmt: skip
            await journal.append(tx, [entry])
        return Consent(given_at=await store.consented_at(tx, child_id, who.user_id))


@router.post("/children/{child_id}/consents/withdrawal")
async def withdraw_consent(child_id: UUID, who: SignedIn, store_: TheStore) -> Consent:
    """From now on no certificate is asked for by this user; the record of having agreed stays."""
    at = clock.now()
    async with store_.transaction() as tx:
        role = await _as_whom(tx, who, child_id)
        if await store.withdraw_consent(tx, child_id, who.user_id, at):
            entry = journal.Entry(at, who.user_id, role, "consent_withdrawn", child_id)
            await journal.append(tx, [entry])
    return Consent(given_at=None)


@router.get(
    "/children/{child_id}/certificate/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def follow_certificate(
    child_id: UUID, who: SignedIn, store_: TheStore, doors: TheDoors
) -> StreamingResponse:
    """Server-sent events `changed`: the page asks again. Ends with the sign-in or the link."""
    async with store_.pool.acquire() as tx:
        await _as_whom(tx, who, child_id)
    stream = doors.watch.follow(who, child_id)
    return StreamingResponse(
        stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )
