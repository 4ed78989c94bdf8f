"""HTTP IN for who has signed in and names no child: all the pages that are theirs at once.

A parent without a linked child has no page to ask for; here they are told why.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import clock, journal
from chassis.auth import SignedIn
from chassis.doors import TheStore
from chassis.problems import not_found
from contracts.values import RefusalCode, RequesterRole
from fastapi import APIRouter
from pydantic import BaseModel

from certificates import children_store, decide, store
from certificates.api.common import TheMoment, TheRegion, card
from certificates.api.family import ChildsCertificate, Eligibility, RequestCard
from certificates.children_store import Page
from certificates.reasons import Reason, explain

router = APIRouter(tags=["family"])


class Child(ChildsCertificate):
    """One page, as `GET /children/{child_id}/certificate` shows it."""

    child_id: UUID


class Children(BaseModel):
    """A student's own page, and a parent's page of each linked child (the first 200).

    `reasons`: why a parent has none to ask for, `no_linked_child`; empty for everybody else.
    """

    children: list[Child]
    reasons: list[Reason]


@router.get("/children")
async def show_children(
    who: SignedIn, store_: TheStore, at: TheMoment, region: TheRegion
) -> Children:
    """What the cabinet shows first. Who is neither student nor parent has an empty list."""
    today = clock.day_in(region.zone, at)
    async with store_.pool.acquire() as tx:
        person = await children_store.person(tx, who.user_id)
        if person.erased:
            raise not_found()
        theirs = await children_store.children_of(tx, who.user_id)
        pages = await children_store.pages(
            tx, who.user_id, [one for one, _ in theirs], today, region
        )
        agreed = await store.consented(tx, [(who.user_id, page.child_id) for page in pages])
        await journal.looked_at_each(tx, _looks(at, who.user_id, theirs))
        reasons: tuple[RefusalCode, ...] = ()
        if person.is_parent and RequesterRole.parent not in dict(theirs).values():
            alone = await children_store.facts_without_child(tx, who.user_id, today, region)
            reasons = decide.why_no_child(alone)
    role_of = dict(theirs)
    shown = [
        _shown(page, role_of[page.child_id], (who.user_id, page.child_id) in agreed)
        for page in pages
    ]
    return Children(children=shown, reasons=explain(reasons))


def _looks(
    at: datetime, user_id: UUID, theirs: Sequence[tuple[UUID, RequesterRole]]
) -> list[journal.Entry]:
    return [journal.Entry(at, user_id, role, "saw_card", child_id) for child_id, role in theirs]


def _shown(page: Page, role: RequesterRole, agreed: bool) -> Child:
    codes = decide.why_not(role, page.facts)
    return Child(
        child_id=page.child_id,
        certificate=card(page.certificate) if page.certificate else None,
        request=_request(page.request) if page.request else None,
        eligibility=Eligibility(allowed=not codes, reasons=explain(codes)),
        consent_needed=role is RequesterRole.parent and not agreed,
    )


def _request(row: Any) -> RequestCard:
    return RequestCard(
        id=row["request_id"],
        status=row["status"],
        requested_at=row["requested_at"],
        certificate_id=row["certificate_id"],
        reasons=explain([RefusalCode(code) for code in row["codes"]]),
    )
