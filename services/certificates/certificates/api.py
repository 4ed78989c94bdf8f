"""HTTP IN: one function per route. What is not yours is 404."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from chassis import clock, outbox
from chassis.auth import Principal, SignedIn
from chassis.outbox import Store
from chassis.web import Problem, not_found
from contracts import Envelope
from contracts.events import CertificateRequested, Requester
from contracts.ids import derived
from contracts.values import CertificateStatus, RefusalCode, RequesterRole
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from certificates import decide, life_cycle, numbers, store
from certificates.consumers import SOURCE
from certificates.decide import Region
from certificates.reasons import FORBIDDEN, Reason, explain

router = APIRouter(tags=["certificates"])
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]


class CertificateCard(BaseModel):
    id: UUID
    number: str
    status: CertificateStatus
    valid_from: date
    valid_until: date
    issued_at: datetime


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


class FoundChild(BaseModel):
    id: UUID
    full_name: str | None
    birth_date: date | None


class FoundCertificate(CertificateCard):
    child: FoundChild


class Found(BaseModel):
    items: list[FoundCertificate]


class Activation(BaseModel):
    """What was checked at the desk."""

    model_config = ConfigDict(extra="forbid")

    checked_documents: Annotated[list[Line], Field(max_length=20)]
    consent: bool
    comment: Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")] = ""


def _store(request: Request) -> Store:
    found: Store = request.app.state.store
    return found


def _region(request: Request) -> Region:
    found: Region = request.app.state.service
    return found


TheStore = Annotated[Store, Depends(_store)]
TheRegion = Annotated[Region, Depends(_region)]


def _as_whom(who: Principal, child_id: UUID) -> RequesterRole:
    """A student asks for themselves; anybody else in the family is a parent."""
    return RequesterRole.student if who.user_id == child_id else RequesterRole.parent


def _card(row: Any) -> CertificateCard:
    return CertificateCard(
        id=row["certificate_id"],
        number=row["number"],
        status=row["status"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        issued_at=row["issued_at"],
    )


def _codes(row: Any) -> list[RefusalCode]:
    return [RefusalCode(code) for code in row["codes"]]


@router.get("/children/{child_id}/certificate")
async def show_certificate(
    child_id: UUID, who: SignedIn, store_: TheStore, region: TheRegion
) -> ChildsCertificate:
    """What the cabinet's page shows: number, status, dates, or why the button is not there."""
    today = clock.day_in(region.zone, clock.now())
    async with store_.pool.acquire() as tx:
        if not await store.is_family(tx, who.user_id, child_id):
            raise not_found()
        facts = await store.load_facts_of(tx, child_id, who.user_id, today, region)
        if facts.child is None:
            raise not_found()
        certificate = await store.latest_certificate(tx, child_id)
        request = await store.latest_request(tx, child_id)
    codes = decide.why_not(_as_whom(who, child_id), facts)
    return ChildsCertificate(
        certificate=_card(certificate) if certificate else None,
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


@router.post("/children/{child_id}/certificate-requests", status_code=202)
async def request_certificate(
    child_id: UUID,
    who: SignedIn,
    store_: TheStore,
    http: Request,
    response: Response,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Accepted:
    """Accept the request; the decision follows as an event. The same key gives the same request."""
    key = idempotency_key or str(clock.new_id())
    asked = CertificateRequested(
        child_id=child_id,
        request_id=derived(f"{who.user_id}:{key}", "certificate-request"),
        requester=Requester(user_id=who.user_id, role=_as_whom(who, child_id)),
        requested_at=clock.now(),
    )
    async with store_.transaction() as tx:
        if not await store.is_family(tx, who.user_id, child_id):
            raise not_found()
        await store.lock_children(tx, [child_id])
        if await store.open_request(tx, asked):
            await outbox.append(tx, [_said(asked, http)])
        else:
            await _same_request(tx, asked)
    response.headers["Location"] = f"/certificate-requests/{asked.request_id}"
    return Accepted(request_id=asked.request_id)


def _said(asked: CertificateRequested, http: Request) -> Envelope:
    return Envelope(
        event=asked,
        id=derived(asked.request_id, "certificate.requested"),
        source=SOURCE,
        time=asked.requested_at,
        correlation_id=http.scope["request_id"],
        traceparent=http.scope.get("traceparent"),
    )


async def _same_request(tx: Any, asked: CertificateRequested) -> None:
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
    """What became of a request: for who asked, and for the child's family."""
    async with store_.pool.acquire() as tx:
        row = await store.get_request(tx, request_id)
        if row is None or not (await store.is_family(tx, who.user_id, row["child_id"])):
            raise not_found()
    return RequestState(
        status=row["status"],
        certificate_id=row["certificate_id"],
        reasons=explain(_codes(row)),
    )


@router.get("/certificates")
async def find_certificates(
    number: Annotated[str, Query(max_length=40)], who: SignedIn, store_: TheStore
) -> Found:
    """Search by number for staff of an authorized organization; spaces are allowed."""
    typed = "".join(number.split())
    async with store_.pool.acquire() as tx:
        if not await store.employer(tx, who.user_id):
            raise not_found()
        _expect_digits(typed)
        row = await store.find_by_number(tx, typed)
    if row is None:
        _expect_well_typed(typed)
        return Found(items=[])
    child = FoundChild(id=row["child_id"], full_name=row["full_name"], birth_date=row["birth_date"])
    return Found(items=[FoundCertificate(**_card(row).model_dump(), child=child)])


def _expect_digits(number: str) -> None:
    if not (number.isascii() and number.isdigit() and 10 <= len(number) <= 12):  # noqa: PLR2004
        raise Problem(
            422, "invalid_number", "Это не номер сертификата", "В номере 12 цифр (старые: 10)."
        )


def _expect_well_typed(number: str) -> None:
    if len(number) == 12 and not numbers.is_well_typed(number):  # noqa: PLR2004
        raise Problem(
            422,
            "mistyped_number",
            "В номере опечатка",
            "Последняя цифра не сходится с остальными. Сверьте номер с документом.",
        )


@router.post("/certificates/{number}/activation")
async def activate_certificate(
    number: str,
    activation: Activation,
    who: SignedIn,
    store_: TheStore,
    region: TheRegion,
    http: Request,
) -> CertificateCard:
    """Make a certificate active: the papers are checked, who checked what is recorded."""
    at = clock.now()
    async with store_.transaction() as tx:
        organization = await store.employer(tx, who.user_id)
        if organization is None:
            raise not_found()
        _expect_digits(number)
        certificate = await store.lock_by_number(tx, number)
        if certificate is None:
            _expect_well_typed(number)
            raise not_found()
        try:
            event = life_cycle.activate(
                certificate,
                checked_documents=activation.checked_documents,
                consent=activation.consent,
                organization=organization,
                at=at,
                zone=region.zone,
            )
        except life_cycle.Forbidden as refused:
            title, detail = FORBIDDEN[refused.code]
            raise Problem(409, refused.code, title, detail) from None
        await store.save_activation(
            tx,
            event,
            actor_id=who.user_id,
            checked_documents=activation.checked_documents,
            comment=activation.comment,
            at=at,
        )
        said = Envelope(
            event=event,
            id=derived(f"{event.certificate_id}:{event.version}", event.TYPE),
            source=SOURCE,
            time=at,
            correlation_id=http.scope["request_id"],
            traceparent=http.scope.get("traceparent"),
        )
        await outbox.append(tx, [said])
        row = await store.find_by_number(tx, number)
    return _card(row)
