"""Child links by an operator's hand."""

from uuid import UUID

from chassis.database import Tx
from chassis.doors import TheStore
from chassis.problems import not_found
from contracts.values import Role
from fastapi import APIRouter, Response
from pydantic import BaseModel

from identity import acts, changes, edits, store
from identity.api.doors import AnOperator, TheCause
from identity.api.problems import problem, refused
from identity.decide import KnownLink

router = APIRouter(prefix="/child-links/{parent_id}/{child_id}", tags=["identity"])


class LinkCard(BaseModel):
    parent_id: UUID
    child_id: UUID
    linked: bool
    version: int


@router.put("")
async def link(
    parent_id: UUID, child_id: UUID, who: AnOperator, store_: TheStore, cause: TheCause
) -> LinkCard:
    """The parent, by role, may act for the student; done twice it changes nothing."""
    if parent_id == child_id:
        raise problem("same_person")
    async with store_.transaction() as tx:
        roles, known = await _locked(tx, parent_id, child_id)
        if wrong := edits.why_no_link(roles[parent_id], roles[child_id]):
            raise problem(wrong[1], field=wrong[0])
        made, event = edits.link(parent_id, child_id, known)
        if event:
            await changes.save_links(tx, {(parent_id, child_id): made}, [event], cause)
            await acts.record(tx, at=cause.at, actor_id=who.user_id, actor="operator",
                              action="child.linked", subject=child_id)  # fmt: skip
    return LinkCard(parent_id=parent_id, child_id=child_id, linked=True, version=made.version)


@router.delete("", status_code=204)
async def unlink(
    parent_id: UUID, child_id: UUID, who: AnOperator, store_: TheStore, cause: TheCause
) -> Response:
    """The parent may no longer act for the child; what SGO said before does not change that."""
    async with store_.transaction() as tx:
        _, known = await _locked(tx, parent_id, child_id)
        try:
            ended, event = edits.unlink(parent_id, child_id, known, cause.at)
        except edits.Refused as error:
            raise refused(error) from None
        if event:
            await changes.save_links(tx, {(parent_id, child_id): ended}, [event], cause)
            await acts.record(tx, at=cause.at, actor_id=who.user_id, actor="operator",
                              action="child.unlinked", subject=child_id)  # fmt: skip
    return Response(status_code=204)


async def _locked(
    tx: Tx, parent_id: UUID, child_id: UUID
) -> tuple[dict[UUID, frozenset[Role]], KnownLink | None]:
    """The roles of two people who are there, and the link between them, locked. Raises 404."""
    roles = await store.roles_of(tx, [parent_id, child_id])
    if not {parent_id, child_id} <= set(roles):
        raise not_found()
    pair = (parent_id, child_id)
    return roles, (await store.lock_links(tx, [pair])).get(pair)
