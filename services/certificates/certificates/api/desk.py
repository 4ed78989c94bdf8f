"""HTTP IN for the desk: staff of an authorized organization search, check papers and change."""

from collections.abc import Callable
from typing import Annotated, Any

from chassis import journal, outbox
from chassis.auth import SignedIn
from chassis.doors import TheStore
from chassis.openapi import answers
from chassis.problems import Problem, not_found
from chassis.tokens import Principal
from contracts.values import RequesterRole
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from certificates import desk_store, life_cycle, store
from certificates.api.common import (
    AtTheDesk,
    CertificateCard,
    Comment,
    Line,
    TheMoment,
    TheNumber,
    TheRegion,
    card,
    desk_of,
    expect_digits,
    expect_well_typed,
    said,
)
from certificates.api.reasoned import Annulment, Resumption, Suspension
from certificates.desk_store import Change
from certificates.life_cycle import Certificate
from certificates.reasons import FORBIDDEN, TO_ANNUL, TO_ANNUL_BY_FAMILY, TO_RESUME, TO_SUSPEND

router = APIRouter(tags=["desk"])


class Activation(BaseModel):
    """What was checked at the desk."""

    model_config = ConfigDict(extra="forbid")

    checked_documents: Annotated[list[Line], Field(max_length=20)]
    consent: bool
    comment: Comment = ""


@router.post("/certificates/{number}/activation", responses=answers(409))
async def activate_certificate(
    number: TheNumber,
    activation: Activation,
    who: AtTheDesk,
    store_: TheStore,
    at: TheMoment,
    region: TheRegion,
    http: Request,
) -> CertificateCard:
    """Make a certificate active: the papers are checked, who checked what is recorded."""
    async with store_.transaction() as tx:
        organization = await desk_of(tx, who)

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


@router.post("/certificates/{number}/suspension", responses=answers(409))
async def suspend_certificate(
    number: TheNumber,
    body: Suspension,
    who: AtTheDesk,
    store_: TheStore,
    at: TheMoment,
    http: Request,
) -> CertificateCard:
    """It cannot be used until it is resumed."""
    async with store_.transaction() as tx:
        organization = await desk_of(tx, who)
        body.expect_one_of(TO_SUSPEND)

        def decided(certificate: Certificate) -> Change:
            event = life_cycle.suspend(certificate, reason=body.reason, at=at)
            return Change("suspended", event, at, who.user_id, organization, body.reason,
                          comment=body.comment)  # fmt: skip

        return await _change(tx, number, decided, RequesterRole.staff, http)


@router.post("/certificates/{number}/resumption", responses=answers(409))
async def resume_certificate(
    number: TheNumber,
    body: Resumption,
    who: AtTheDesk,
    store_: TheStore,
    at: TheMoment,
    region: TheRegion,
    http: Request,
) -> CertificateCard:
    """A suspended one can be used again."""
    async with store_.transaction() as tx:
        organization = await desk_of(tx, who)
        body.expect_one_of(TO_RESUME)

        def decided(certificate: Certificate) -> Change:
            event = life_cycle.resume(certificate, at=at, zone=region.zone)
            return Change("resumed", event, at, who.user_id, organization, body.reason,
                          comment=body.comment)  # fmt: skip

        return await _change(tx, number, decided, RequesterRole.staff, http)


@router.post("/certificates/{number}/annulment", responses=answers(409))
async def annul_certificate(
    number: TheNumber,
    body: Annulment,
    who: SignedIn,
    store_: TheStore,
    at: TheMoment,
    http: Request,
) -> CertificateCard:
    """End it: the desk at any time, a linked parent only while it is not activated."""
    async with store_.transaction() as tx:
        organization = await store.employer(tx, who.user_id)
        if not organization:
            await _expect_parent(tx, number, who)
        body.expect_one_of(TO_ANNUL if organization else TO_ANNUL_BY_FAMILY)

        def decided(certificate: Certificate) -> Change:
            event = life_cycle.annul(
                certificate, reason=body.reason, by_family=not organization, at=at
            )
            return Change("annulled", event, at, who.user_id, organization, body.reason,
                          comment=body.comment)  # fmt: skip

        role = RequesterRole.staff if organization else RequesterRole.parent
        return await _change(tx, number, decided, role, http)


async def _expect_parent(tx: Any, number: str, who: Principal) -> None:
    row = await desk_store.find_by_number(tx, expect_digits(number))
    (role,) = await store.as_whom(tx, [(who.user_id, row["child_id"])]) if row else [None]
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
