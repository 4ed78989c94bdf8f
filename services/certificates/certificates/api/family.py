"""HTTP IN for the family, and for whoever asks on a child's behalf: page, request, consent."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from chassis import clock, journal, outbox
from chassis.auth import SignedIn
from chassis.doors import TheStore
from chassis.openapi import answers
from chassis.problems import Problem, not_found
from chassis.tokens import Principal
from contracts.events import CertificateRequested, Requester
from contracts.ids import derived
from contracts.values import RefusalCode, RequesterRole
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from certificates import consent, decide, store
from certificates.api.common import CertificateCard, TheDoors, TheRegion, card, said
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


class Accepted(BaseModel):
    request_id: UUID


class RequestState(BaseModel):
    status: Literal["pending", "issued", "refused"]
    certificate_id: UUID | None
    reasons: list[Reason]


class Consent(BaseModel):
    """What is agreed to; `given_at` is None while it is not, or not any more."""

    purpose: str = consent.PURPOSE
    text_version: str = consent.VERSION
    text: str = consent.TEXT
    given_at: datetime | None


class GivenConsent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text_version: Annotated[str, Field(max_length=64)]


async def _as_whom(tx: Any, who: Principal, child_id: UUID) -> RequesterRole:
    """As whom this user may ask for this child at this moment; 404 for a stranger."""
    role = await store.as_whom(tx, who.user_id, child_id)
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


@router.post("/children/{child_id}/certificate-requests", status_code=202, responses=answers(409))
async def request_certificate(
    child_id: UUID,
    who: SignedIn,
    store_: TheStore,
    http: Request,
    response: Response,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Accepted:
    """Accept the request; the decision follows as an event. The same key gives the same request.

    A parent must have given consent before (`POST /children/{child_id}/consents`).
    """
    key = idempotency_key or str(clock.new_id())
    at = clock.now()
    async with store_.transaction() as tx:
        role = await _as_whom(tx, who, child_id)
        asked = CertificateRequested(
            child_id=child_id,
            request_id=derived(f"{who.user_id}:{key}", "certificate-request"),
            requester=Requester(user_id=who.user_id, role=role),
            requested_at=at,
        )
        if role is RequesterRole.parent:
            await _expect_consent(tx, child_id, who.user_id)
        await store.lock_children(tx, [child_id])
        if await store.open_request(tx, asked):
            await outbox.append(tx, [said(asked, asked.request_id, at, http)])
            entry = journal.Entry(at, who.user_id, role, "requested", child_id)
            await journal.append(tx, [entry])
        else:
            await _expect_same_request(tx, asked)
    response.headers["Location"] = f"/certificate-requests/{asked.request_id}"
    return Accepted(request_id=asked.request_id)


async def _expect_consent(tx: Any, child_id: UUID, user_id: UUID) -> None:
    if await store.consented_at(tx, child_id, user_id) is None:
        raise Problem(
            409,
            "consent_needed",
            "Нужно согласие на обработку персональных данных",
            "Прочитайте текст согласия и подтвердите его, затем получите сертификат.",
            text_version=consent.VERSION,
            text=consent.TEXT,
        )


async def _expect_same_request(tx: Any, asked: CertificateRequested) -> None:
    row = await store.get_request(tx, asked.request_id)
    if row is None or row["child_id"] != asked.child_id:
        raise Problem(
            409,
            "idempotency_key_reused",
            "Ключ Idempotency-Key уже использован для другого запроса",
            "Пришлите новый ключ.",
        )


@router.get("/certificate-requests/{request_id}")
async def show_request(request_id: UUID, who: SignedIn, store_: TheStore) -> RequestState:
    """What became of a request: for who may ask for the child."""
    async with store_.pool.acquire() as tx:
        row = await store.get_request(tx, request_id)
        if row is None:
            raise not_found()
        await _as_whom(tx, who, row["child_id"])
    return RequestState(
        status=row["status"],
        certificate_id=row["certificate_id"],
        reasons=explain(_codes(row)),
    )


@router.get("/children/{child_id}/consent")
async def show_consent(child_id: UUID, who: SignedIn, store_: TheStore) -> Consent:
    """The text in force, and when this user agreed to it for this child."""
    async with store_.pool.acquire() as tx:
        await _as_whom(tx, who, child_id)
        return Consent(given_at=await store.consented_at(tx, child_id, who.user_id))


@router.post("/children/{child_id}/consents", status_code=201, responses=answers(409))
async def give_consent(
    child_id: UUID, given: GivenConsent, who: SignedIn, store_: TheStore
) -> Consent:
    """A record of its own: who agreed to which text and when. Given again, it stays as it is."""
    at = clock.now()
    async with store_.transaction() as tx:
        role = await _as_whom(tx, who, child_id)
        if given.text_version != consent.VERSION:
            raise Problem(
                409,
                "consent_text_changed",
                "Текст согласия изменился",
                "Прочитайте новый текст и подтвердите его.",
                text_version=consent.VERSION,
                text=consent.TEXT,
            )
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
