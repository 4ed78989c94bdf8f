"""Two records of one person become one (ADR 13)."""

from uuid import UUID

from chassis.doors import TheStore
from chassis.problems import not_found
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from identity import acts, changes, store
from identity.api.doors import AnOperator, TheCause
from identity.api.problems import problem
from identity.api.users import UserCard, card, reachable

router = APIRouter(tags=["identity"])


class Merge(BaseModel):
    """`into`: the record that stays."""

    model_config = ConfigDict(extra="forbid")

    into: UUID


@router.post("/users/{user_id}/merge")
async def merge_users(
    user_id: UUID, merge: Merge, who: AnOperator, store_: TheStore, cause: TheCause
) -> UserCard:
    """Links, enrolments and what the survivor lacks move; this record is erased. Not to be undone.

    Answers the survivor; done twice it changes nothing.
    """
    if user_id == merge.into:
        raise problem("same_person")
    async with store_.transaction() as tx:
        both = await store.lock_whole_users(tx, [user_id, merge.into])
        duplicate, survivor = both.get(user_id), await reachable(tx, merge.into)
        if duplicate is None or duplicate.is_ours:
            raise not_found()
        if duplicate.merged_into == merge.into:
            await acts.saw_card(tx, at=cause.at, operator_id=who.user_id, subject=merge.into)
            return card(survivor)
        if duplicate.erased_at:
            raise not_found()
        await changes.merge(tx, survivor, duplicate, cause, who.user_id)
        for subject in (user_id, merge.into):
            await acts.record(tx, at=cause.at, actor_id=who.user_id, actor="operator",
                              action="user.merged", subject=subject)  # fmt: skip
        return card(await reachable(tx, merge.into))
