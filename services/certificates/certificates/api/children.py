"""HTTP IN for who has signed in and names no child: all the pages that are theirs at once.

A parent without a linked child has no page to ask for; here they are told why.
"""

from uuid import UUID

from chassis import clock
from chassis.auth import SignedIn
from chassis.doors import TheStore
from chassis.problems import not_found
from contracts.values import RefusalCode
from fastapi import APIRouter
from pydantic import BaseModel

from certificates import children_store, decide, store
from certificates.api import page
from certificates.api.common import TheMoment, TheRegion
from certificates.api.page import ChildsCertificate, Look
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
    async with store_.pool.acquire() as tx:
        person = await children_store.person(tx, who.user_id)
        if person.erased:
            raise not_found()
        children = await children_store.children_of(tx, who.user_id)
        pages = await page.read(tx, region, [Look(who.user_id, one, at) for one in children])
        reasons: tuple[RefusalCode, ...] = ()
        if person.is_parent and not set(children) - {who.user_id}:
            today = clock.day_in(region.zone, at)
            (alone,) = await store.facts_of(tx, [(who.user_id, None)], [today], region)
            reasons = decide.why_no_child(alone)
    shown = [
        Child(child_id=child_id, **dict(one))
        for child_id, one in zip(children, pages, strict=True)
        if one
    ]
    return Children(children=shown, reasons=explain(reasons))
