"""Erasing a person as an operation: ordered with a reason, confirmed by every service."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from chassis.database import Tx
from chassis.doors import IdempotencyKey, TheStore, key_of
from chassis.openapi import answers
from chassis.problems import key_reused, not_found
from contracts.ids import derived
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from identity import acts, changes, erasing, store
from identity.api.doors import AnOperator, TheCause
from identity.api.users import reachable
from identity.erasing import SERVICES, Order

router = APIRouter(tags=["identity"])
Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=3, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]


class ErasureOrder(BaseModel):
    """Why: it is printed in the act, so it names nobody."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class Confirmation(BaseModel):
    """What a service has destroyed, by kind."""

    service: str
    counts: dict[str, int]
    erased_at: datetime


class Erasure(BaseModel):
    """`ordered_by` is null where SGO erased the record; `running` until every service confirmed."""

    id: UUID
    user_id: UUID
    reason: str
    ordered_by: UUID | None
    ordered_at: datetime
    state: Literal["running", "done"]
    confirmations: list[Confirmation]


@router.post("/users/{user_id}/erasure", status_code=202, responses=answers(409))
async def order_erasure(
    user_id: UUID,
    order: ErasureOrder,
    who: AnOperator,
    store_: TheStore,
    cause: TheCause,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Erasure:
    """Erase a person everywhere. Of who is erased already, the erasure that was.

    Not to be undone: only a newer record of SGO brings a person back.
    """
    async with store_.transaction() as tx:
        known = (await store.lock_whole_users(tx, [user_id])).get(user_id)
        erasure_id = derived(key_of(who.user_id, idempotency_key), "erasure")
        done = await erasing.erasure(tx, erasure_id)
        if done and done["user_id"] != user_id:
            raise key_reused()
        if done is None and known and known.erased_at:
            done = await erasing.latest_erasure(tx, user_id)
        if done is None:
            ordered = Order(order.reason, who.user_id, erasure_id)
            await changes.erase(tx, await reachable(tx, user_id), cause, ordered)
            await acts.record(tx, at=cause.at, actor_id=who.user_id, actor="operator",
                              action="user.erased", subject=user_id)  # fmt: skip
            done = await erasing.erasure(tx, erasure_id)
        card = await _card(tx, done)
    response.headers["Location"] = f"/erasures/{card.id}"
    return card


@router.get("/erasures/{erasure_id}")
async def show_erasure(erasure_id: UUID, _who: AnOperator, store_: TheStore) -> Erasure:
    """How far an erasure is, and what was destroyed; documents makes the act of it."""
    async with store_.pool.acquire() as tx:
        row = await erasing.erasure(tx, erasure_id)
        if row is None:
            raise not_found()
        return await _card(tx, row)


async def _card(tx: Tx, row: Any) -> Erasure:
    told = [
        Confirmation(
            service=one["service"], counts=json.loads(one["counts"]), erased_at=one["erased_at"]
        )
        for one in await erasing.confirmations(tx, row)
    ]
    return Erasure(
        id=row["erasure_id"],
        user_id=row["user_id"],
        reason=row["reason"],
        ordered_by=row["ordered_by"],
        ordered_at=row["ordered_at"],
        state="done" if {one.service for one in told} >= set(SERVICES) else "running",
        confirmations=told,
    )
