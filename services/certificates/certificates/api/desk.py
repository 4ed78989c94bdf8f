"""HTTP IN for the desk: staff of an authorized organization search, check papers and change."""

import base64
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from chassis import clock, journal, outbox
from chassis.auth import Principal, SignedIn
from chassis.web import Problem, not_found
from contracts.values import CertificateStatus, RequesterRole
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from certificates import desk_store, life_cycle, store
from certificates.api.common import (
    CertificateCard,
    Comment,
    Line,
    TheRegion,
    TheStore,
    card,
    expect_digits,
    expect_well_typed,
    said,
)
from certificates.desk_store import Change
from certificates.life_cycle import Certificate
from certificates.reasons import FORBIDDEN

router = APIRouter(tags=["desk"])
PAGE_ROWS_MAX = 50
HISTORY_ROWS_MAX = 500


class FoundChild(BaseModel):
    id: UUID
    full_name: str | None
    birth_date: date | None


class FoundCertificate(CertificateCard):
    child: FoundChild


class Found(BaseModel):
    """`next`: where the following page begins, for `after`; `outside`: more needs a reason."""

    items: list[FoundCertificate]
    next: str | None = None
    outside: int = 0


class Activation(BaseModel):
    """What was checked at the desk."""

    model_config = ConfigDict(extra="forbid")

    checked_documents: Annotated[list[Line], Field(max_length=20)]
    consent: bool
    comment: Comment = ""


class Reasoned(BaseModel):
    """Why a certificate is changed: `reason` is a code of the desk's own list, it is public."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
    comment: Comment = ""


class Deed(BaseModel):
    """Who did what, or who looked; `details` is for people."""

    at: datetime
    actor: str
    actor_id: UUID | None
    organization: str | None
    action: str
    details: str


class History(BaseModel):
    """The newest first."""

    items: list[Deed]


async def _desk(tx: Any, who: Principal) -> str:
    """The authorized organization of this employee; 404 for everybody else."""
    organization = await store.employer(tx, who.user_id)
    if not organization:
        raise not_found()
    return organization


@router.get("/certificates")
async def find_certificates(
    who: SignedIn,
    store_: TheStore,
    number: Annotated[str | None, Query(max_length=40)] = None,
    name: Annotated[str | None, Query(min_length=2, max_length=200)] = None,
    birth_date: date | None = None,
    status: CertificateStatus | None = None,
    reason: Annotated[str | None, Query(min_length=3, max_length=200)] = None,
    after: Annotated[str | None, Query(max_length=2000)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS_MAX,
) -> Found:
    """By number (spaces allowed), or by the beginning of the name and the birth date, paged.

    Children of other organizations are found by name only with a `reason`; who presents a number
    has given one. Each child that is shown is journalled.
    """
    at = clock.now()
    async with store_.transaction() as tx:
        organization = await _desk(tx, who)
        if number is not None:
            found = await _by_number(tx, number)
            why = reason or "номер предъявлен"
        else:
            why = reason or "своя организация"
            found = await _by_person(
                tx, organization, name, birth_date, status, after, limit, outside=reason is not None
            )
        await journal.append(
            tx,
            [
                journal.Entry(at, who.user_id, RequesterRole.staff, "found_by_desk", one.child.id,
                              organization, why)
                for one in found.items
            ],
        )  # fmt: skip
    return found


async def _by_number(tx: Any, number: str) -> Found:
    typed = expect_digits(number)
    row = await desk_store.find_by_number(tx, typed)
    if row is None:
        expect_well_typed(typed)
        return Found(items=[])
    return Found(items=[_found(row)])


async def _by_person(
    tx: Any,
    organization: str,
    name: str | None,
    birth_date: date | None,
    status: CertificateStatus | None,
    after: str | None,
    limit: int,
    *,
    outside: bool,
) -> Found:
    if name is None and birth_date is None:
        raise Problem(
            422, "nothing_to_search", "Укажите, кого искать", "Номер, фамилию или дату рождения."
        )
    rows, hidden = await desk_store.find_people(
        tx,
        organization=organization,
        name=name,
        birth_date=birth_date,
        status=status,
        after=_opened(after),
        rows_max=limit + 1,
        outside=outside,
    )
    more = rows[limit - 1] if len(rows) > limit else None
    return Found(
        items=[_found(row) for row in rows[:limit]],
        next=_closed(more["sort_name"], more["certificate_id"]) if more else None,
        outside=hidden,
    )


def _found(row: Any) -> FoundCertificate:
    child = FoundChild(id=row["child_id"], full_name=row["full_name"], birth_date=row["birth_date"])
    return FoundCertificate(**card(row).model_dump(), child=child)


def _closed(name: str, certificate_id: UUID) -> str:
    return base64.urlsafe_b64encode(json.dumps([name, str(certificate_id)]).encode()).decode()


def _opened(after: str | None) -> tuple[str, UUID] | None:
    if after is None:
        return None
    try:
        name, certificate_id = json.loads(base64.urlsafe_b64decode(after.encode()))
        return str(name).replace("\x00", ""), UUID(certificate_id)
    except (ValueError, TypeError, AttributeError):
        raise Problem(422, "bad_page", "Страница не найдена", "Начните поиск сначала.") from None


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
        organization = await _desk(tx, who)

        def decided(certificate: Certificate) -> Change:
            event = life_cycle.activate(
                certificate,
                checked_documents=activation.checked_documents,
                consent=activation.consent,
                organization=organization,
                at=at,
                zone=region.zone,
            )
            return Change(
                "activated", event, at, who.user_id, organization,
                checked_documents=tuple(activation.checked_documents),
                consent=True, comment=activation.comment,
            )  # fmt: skip

        return await _change(tx, number, decided, RequesterRole.staff, http)


@router.post("/certificates/{number}/suspension")
async def suspend_certificate(
    number: str, body: Reasoned, who: SignedIn, store_: TheStore, http: Request
) -> CertificateCard:
    """It cannot be used until it is resumed."""
    at = clock.now()
    async with store_.transaction() as tx:
        organization = await _desk(tx, who)

        def decided(certificate: Certificate) -> Change:
            event = life_cycle.suspend(certificate, reason=body.reason, at=at)
            return Change("suspended", event, at, who.user_id, organization, body.reason,
                          comment=body.comment)  # fmt: skip

        return await _change(tx, number, decided, RequesterRole.staff, http)


@router.post("/certificates/{number}/resumption")
async def resume_certificate(
    number: str, body: Reasoned, who: SignedIn, store_: TheStore, region: TheRegion, http: Request
) -> CertificateCard:
    """A suspended one can be used again."""
    at = clock.now()
    async with store_.transaction() as tx:
        organization = await _desk(tx, who)

        def decided(certificate: Certificate) -> Change:
            event = life_cycle.resume(certificate, at=at, zone=region.zone)
            return Change("resumed", event, at, who.user_id, organization, body.reason,
                          comment=body.comment)  # fmt: skip

        return await _change(tx, number, decided, RequesterRole.staff, http)


@router.post("/certificates/{number}/annulment")
async def annul_certificate(
    number: str, body: Reasoned, who: SignedIn, store_: TheStore, http: Request
) -> CertificateCard:
    """End it: the desk at any time, a linked parent only while it is not activated."""
    at = clock.now()
    async with store_.transaction() as tx:
        organization = await store.employer(tx, who.user_id)
        if not organization:
            await _expect_parent(tx, number, who)

        def decided(certificate: Certificate) -> Change:
            event = life_cycle.annul(
                certificate, reason=body.reason, by_family=not organization, at=at
            )
            return Change("annulled", event, at, who.user_id, organization, body.reason,
                          comment=body.comment)  # fmt: skip

        role = RequesterRole.staff if organization else RequesterRole.parent
        return await _change(tx, number, decided, role, http)


async def _expect_parent(tx: Any, number: str, who: Principal) -> None:
    row = await desk_store.find_by_number(tx, number)
    role = await store.as_whom(tx, who.user_id, row["child_id"]) if row else None
    if role is not RequesterRole.parent:
        raise not_found()


async def _change(
    tx: Any,
    number: str,
    decide: Callable[[Certificate], Change],
    role: RequesterRole,
    http: Request,
) -> CertificateCard:
    """Lock, decide, save, journal, say: the same for every change of a certificate."""
    typed = expect_digits(number)
    certificate = await desk_store.lock_by_number(tx, typed)
    if certificate is None:
        expect_well_typed(typed)
        raise not_found()
    try:
        change = decide(certificate)
    except life_cycle.Forbidden as refused:
        title, detail = FORBIDDEN[refused.code]
        raise Problem(409, refused.code, title, detail) from None
    await desk_store.save_changes(tx, [change])
    entry = journal.Entry(
        change.at, change.actor_id, role, change.kind, certificate.child_id, change.organization,
        change.reason or "",
    )  # fmt: skip
    await journal.append(tx, [entry])
    about = f"{change.event.certificate_id}:{change.event.version}"
    await outbox.append(tx, [said(change.event, about, change.at, http)])
    return card(await desk_store.find_by_number(tx, typed))


@router.get("/certificates/{number}/history")
async def show_history(number: str, who: SignedIn, store_: TheStore) -> History:
    """Who did what, and who looked, when: for the desk, and for the family."""
    at = clock.now()
    async with store_.transaction() as tx:
        organization = await store.employer(tx, who.user_id)
        typed = "".join(number.split())[:12]
        row = await desk_store.find_by_number(tx, typed)
        role = await store.as_whom(tx, who.user_id, row["child_id"]) if row else None
        if row is None or not (role or organization):
            raise not_found()
        entry = journal.Entry(at, who.user_id, role or RequesterRole.staff, "saw_history",
                              row["child_id"], organization)  # fmt: skip
        await journal.looked(tx, entry)
        rows = await journal.about(tx, row["child_id"], HISTORY_ROWS_MAX)
    return History(items=[_deed(one) for one in rows])


def _deed(row: Any) -> Deed:
    return Deed(
        at=row["happened_at"], actor=row["actor"], actor_id=row["actor_id"],
        organization=row["organization"], action=row["action"], details=row["details"],
    )  # fmt: skip
