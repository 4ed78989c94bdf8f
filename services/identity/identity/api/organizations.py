"""Organizations by an operator's hand: what is true of one is true for all who work there."""

from typing import Annotated

import asyncpg
from chassis.doors import TheStore
from contracts.ids import derived
from contracts.values import Code, Organization, OrganizationKind, Text
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from identity import acts, organization_store, visible
from identity.api.doors import AnOperator, TheCause
from identity.api.problems import problem

router = APIRouter(prefix="/organizations", tags=["identity"])
PAGE_ROWS_MAX = 100
TheId = Annotated[Code, Path()]


class Facts(BaseModel):
    """All of an organization. `authorized`: its employees may activate certificates."""

    model_config = ConfigDict(extra="forbid")

    kind: OrganizationKind
    name: Text
    municipality: Code
    authorized: Annotated[bool, Field(strict=True)]


class OrganizationCard(BaseModel):
    """`municipality` is null of one where children learn and nobody is known to work.

    `by_operator`: SGO's words on it count no more. `spreading`: its employees are being told.
    """

    id: str
    kind: OrganizationKind
    name: str
    municipality: str | None
    authorized: bool
    by_operator: bool
    employees: int
    spreading: bool


class Organizations(BaseModel):
    """By id; `next`: where the following page begins, for `after`."""

    items: list[OrganizationCard]
    next: str | None = None


@router.get("")
async def list_organizations(
    _who: AnOperator,
    store_: TheStore,
    authorized: bool | None = None,
    after: Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS_MAX,
) -> Organizations:
    """Organizations that somebody works or learns at, or that an operator has named."""
    async with store_.pool.acquire() as tx:
        rows = await organization_store.page(
            tx, after=after, authorized=authorized, rows_max=limit + 1
        )
    items = [_card(row) for row in rows[:limit]]
    return Organizations(items=items, next=items[-1].id if len(rows) > limit else None)


@router.put("/{organization_id}")
async def put_organization(
    organization_id: TheId, facts: Facts, who: AnOperator, store_: TheStore, cause: TheCause
) -> OrganizationCard:
    """For all who work there, within seconds; SGO's words on this organization count no more."""
    whole = Organization(id=organization_id, **facts.model_dump())
    if not visible.is_visible(visible.told_of(whole)):
        raise problem("invisible", field="name")
    async with store_.transaction() as tx:
        if await organization_store.put(tx, whole, cause.at):
            details = f"{whole.id} {facts.model_dump_json()}"
            await acts.record(tx, at=cause.at, actor_id=who.user_id, actor="operator",
                              action="organization.set", subject=derived(whole.id, "organization"),
                              details=details)  # fmt: skip
        row = await organization_store.shown(tx, whole.id)
    return _card(row)


def _card(row: asyncpg.Record | None) -> OrganizationCard:
    assert row is not None
    return OrganizationCard(**dict(row), spreading=row["to_spread"])
