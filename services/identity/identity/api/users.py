"""Users by an operator's hand: make, look, change, erase; never an operator or a client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from hashlib import blake2b
from typing import Annotated
from uuid import UUID

import asyncpg
from chassis import clock
from chassis.database import Tx
from chassis.doors import IdempotencyKey, TheStore, key_of
from chassis.openapi import answers
from chassis.outbox import Store
from chassis.problems import key_reused, not_found
from contracts.ids import derived, user_id
from contracts.values import Code, Enrolment, FullName, Organization, Role, SgoRole
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from identity import acts, changes, store
from identity.api.doors import AnOperator, TheCause, TheDoors
from identity.api.problems import problem, refused
from identity.changes import Cause, Wanted
from identity.edits import Fields, Stored
from identity.erasing import Order

router = APIRouter(tags=["identity"])


class NewUser(Fields):
    """`sgo_user_id`: if SGO knows the user; its next state of them then replaces this one."""

    sgo_user_id: Code | None = None
    name: FullName
    roles: Annotated[tuple[SgoRole, ...], Field(min_length=1, max_length=3)]


class UserCard(BaseModel):
    """A user as identity knows it."""

    id: UUID
    sgo_user_id: str | None
    version: int
    login: str | None
    roles: list[Role]
    name: FullName
    birth_date: date | None
    municipality: str | None
    enrolments: list[Enrolment]
    organization: Organization | None


def card(user: Stored) -> UserCard:
    assert user.person is not None
    return UserCard(
        id=user.user_id,
        sgo_user_id=user.sgo_user_id,
        version=user.version,
        login=user.login,
        roles=list(user.roles),
        **user.person.model_copy().__dict__,
    )


async def reachable(tx: Tx, wanted: UUID) -> Stored:
    """The user, locked. Raises 404 for nobody, for the erased, for operators and clients."""
    known = (await store.lock_whole_users(tx, [wanted])).get(wanted)
    if known is None or known.erased_at or known.is_ours:
        raise not_found()
    return known


@asynccontextmanager
async def _changing(store_: Store) -> AsyncIterator[Tx]:
    """One transaction; two who take one login at the same moment: the second is told."""
    try:
        async with store_.transaction() as tx:
            yield tx
    except asyncpg.UniqueViolationError:
        raise problem("login_taken") from None


@router.post("/users", status_code=201, responses=answers(409))
async def make_user(
    new: NewUser,
    who: AnOperator,
    store_: TheStore,
    doors: TheDoors,
    cause: TheCause,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> UserCard:
    """Make a user. The same key gives the same user; with another body it is refused."""
    made_id = user_id(new.sgo_user_id) if new.sgo_user_id else None
    made_id = made_id or derived(key_of(who.user_id, idempotency_key), "user-by-hand")
    async with _changing(store_) as tx:
        if not idempotency_key or await _is_first(tx, who.user_id, idempotency_key, new, made_id,
                                                  doors.master_key, cause):  # fmt: skip
            await _make(tx, made_id, new, cause)
            await acts.record(tx, at=cause.at, actor_id=who.user_id, actor="operator",
                              action="user.made", subject=made_id)  # fmt: skip
        else:
            await acts.saw_card(tx, at=cause.at, operator_id=who.user_id, subject=made_id)
        made = card(await reachable(tx, made_id))
    response.headers["Location"] = f"/users/{made_id}"
    return made


async def _is_first(
    tx: Tx, actor: UUID, key: str, new: NewUser, made_id: UUID, master_key: bytes, cause: Cause
) -> bool:
    body = new.model_dump_json(exclude_unset=True).encode()
    digest = blake2b(body, key=master_key, digest_size=32).digest()
    kept = await store.claim_key(tx, actor, key, digest, made_id, cause.at)
    if kept and kept["digest"] != digest:
        raise key_reused()
    return kept is None


async def _make(tx: Tx, made_id: UUID, new: NewUser, cause: Cause) -> None:
    fields = Fields(**{name: getattr(new, name) for name in new.model_fields_set - {"sgo_user_id"}})
    wanted = Wanted(made_id, fields, new.sgo_user_id)
    (planned,) = await changes.plan(tx, [wanted], cause.at.date())
    if planned.known and not planned.known.erased_at:
        raise problem("user_exists")
    if planned.refused:
        raise refused(planned.refused)
    await changes.save(tx, [planned], cause)


@router.get("/users/{user_id}")
async def show_user(user_id: UUID, who: AnOperator, store_: TheStore) -> UserCard:
    """A user's card."""
    async with store_.transaction() as tx:
        known = await reachable(tx, user_id)
        await acts.saw_card(tx, at=clock.now(), operator_id=who.user_id, subject=user_id)
    return card(known)


@router.patch("/users/{user_id}", responses=answers(409))
async def change_user(
    user_id: UUID, fields: Fields, who: AnOperator, store_: TheStore, cause: TheCause
) -> UserCard:
    """Change the fields that are sent; what is so already changes nothing: it is a look."""
    async with _changing(store_) as tx:
        await reachable(tx, user_id)
        wanted = Wanted(user_id, fields, may_make=False)
        (planned,) = await changes.plan(tx, [wanted], cause.at.date())
        if planned.refused:
            raise refused(planned.refused)
        await changes.save(tx, [planned], cause)
        if planned.edited:
            await acts.record(tx, at=cause.at, actor_id=who.user_id, actor="operator",
                              action="user.changed", subject=user_id)  # fmt: skip
        else:
            await acts.saw_card(tx, at=cause.at, operator_id=who.user_id, subject=user_id)
        return card(await reachable(tx, user_id))


@router.delete("/users/{user_id}", status_code=204)
async def erase_user(user_id: UUID, who: AnOperator, store_: TheStore, cause: TheCause) -> Response:
    """Erase: names, login and password go here, and everywhere by the tombstone.

    `POST /users/{user_id}/erasure` does the same with a reason, and tells how far it is.
    """
    async with store_.transaction() as tx:
        order = Order("Распоряжение оператора", who.user_id)
        await changes.erase(tx, await reachable(tx, user_id), cause, order)
        await acts.record(tx, at=cause.at, actor_id=who.user_id, actor="operator",
                          action="user.erased", subject=user_id)  # fmt: skip
    return Response(status_code=204)
