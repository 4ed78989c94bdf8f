"""HTTP IN for the operator of every service: what is stuck, and who did what.

Who is one is for each service to say, by what identity has told it. Never what a record says.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from contracts.values import Role
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from chassis import clock, journal
from chassis.auth import only
from chassis.database import Tx
from chassis.doors import TheStore
from chassis.problems import not_found
from chassis.queries import load
from chassis.tokens import Principal

SQL = load("chassis")
ROWS_MAX: Final = 100
ID_MAX: Final = 2**63 - 1


class Stuck(BaseModel):
    """`kind`: `quarantine`, `parked`, or the service's own; `reason`: why, or what it waits for.

    `topic`, `partition` and `offset` are the record's place; `due_at` is when it is tried again.
    """

    kind: str
    id: str
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    reason: str
    since: datetime | None = None
    due_at: datetime | None = None


class AllStuck(BaseModel):
    """`counts` of each kind are whole; of each kind the first 100 are listed, the oldest first."""

    counts: dict[str, int]
    items: list[Stuck]


class Entry(BaseModel):
    """Who (`actor`: as whom) did or read what of whom; `link` is null until it is sealed."""

    id: int
    happened_at: datetime
    actor_id: UUID | None
    actor: str
    organization: str | None
    action: str
    subject: UUID
    details: str
    link: int | None


class Entries(BaseModel):
    """The newest first; `before` for the next page, null on the last."""

    items: list[Entry]
    before: int | None


More = Callable[[Tx], Awaitable[tuple[dict[str, int], Sequence[Stuck]]]]


async def nothing_more(_tx: Tx) -> tuple[dict[str, int], Sequence[Stuck]]:
    """Of a service with no stuck work of its own."""
    return {}, ()


def known_by(is_operator: Callable[[Tx, UUID], Awaitable[bool]]) -> Any:
    """Dependency: an operator as the service knows them at this moment; 404 for everybody else.

    A role in the token is not enough.
    """

    async def operator(
        who: Annotated[Principal, only(Role.operator)], store_: TheStore
    ) -> Principal:
        async with store_.pool.acquire() as tx:
            if not await is_operator(tx, who.user_id):
                raise not_found()
        return who

    return Depends(operator)


def router(an_operator: Any, more: More = nothing_more) -> APIRouter:
    """The two routes for who passes the dependency `an_operator`."""
    made = APIRouter(tags=["operator"])

    @made.get("/stuck")
    async def show_stuck(_who: an_operator, store_: TheStore) -> AllStuck:
        """Records that wait or cannot be applied; commands show, redrive and drop them."""
        async with store_.pool.acquire() as tx:
            counts = dict(await tx.fetchrow(SQL["waiting"]))  # type: ignore[arg-type]
            rows = await tx.fetch(SQL["stuck"], ROWS_MAX)
            own, items = await more(tx)
        told = {"quarantine": counts["quarantined"], "parked": counts["parked"], **own}
        return AllStuck(counts=told, items=[*(Stuck(**dict(row)) for row in rows), *items])

    @made.get("/journal")
    async def read_journal(
        who: an_operator,
        store_: TheStore,
        subject: UUID | None = None,
        actor: UUID | None = None,
        before: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    ) -> Entries:
        """The entries about somebody, of somebody, or all. That it was read is journalled too."""
        asked = (("subject", subject), ("actor", actor), ("before", before))
        told = " ".join(f"{name}={value}" for name, value in asked if value is not None)
        async with store_.transaction() as tx:
            rows = await tx.fetch(SQL["journal_page"], subject, actor, before, ROWS_MAX + 1)
            whom = subject or actor or who.user_id
            entry = journal.Entry(clock.now(), who.user_id, "operator", journal.READ, whom,
                                  details=told)  # fmt: skip
            await journal.append(tx, [entry])
        items = [Entry(**dict(row)) for row in rows[:ROWS_MAX]]
        return Entries(items=items, before=items[-1].id if len(rows) > ROWS_MAX else None)

    return made
