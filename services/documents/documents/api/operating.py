"""HTTP IN for the operator: what is stuck, failed documents among it, and the journal."""

from collections.abc import Sequence
from typing import Annotated

from chassis import operating
from chassis.auth import only
from chassis.database import Tx
from chassis.doors import TheStore
from chassis.operating import Stuck
from chassis.problems import not_found
from chassis.tokens import Principal
from contracts.values import Role
from fastapi import Depends

from documents import door_store


async def _operator(who: Annotated[Principal, only(Role.operator)], store_: TheStore) -> Principal:
    """As identity has told of them by now: a role in the token is not enough."""
    async with store_.pool.acquire() as tx:
        if not await door_store.is_operator(tx, who.user_id):
            raise not_found()
    return who


async def _failed(tx: Tx) -> tuple[dict[str, int], Sequence[Stuck]]:
    """Documents that could not be built, by their certificate; each is tried again."""
    count, rows = await door_store.failed(tx, operating.ROWS_MAX)
    items = [
        Stuck(kind="document", id=str(row["certificate_id"]), reason=row["reason"],
              due_at=row["retry_at"])
        for row in rows
    ]  # fmt: skip
    return {"document": count}, items


router = operating.router(Annotated[Principal, Depends(_operator)], _failed)
