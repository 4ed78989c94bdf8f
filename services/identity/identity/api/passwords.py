"""Passwords: one's own is changed, a forgotten one is replaced by an operator."""

from typing import Annotated
from uuid import UUID

from chassis.auth import SignedInAtAll
from chassis.doors import TheStore
from chassis.openapi import answers
from chassis.problems import not_found
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from identity import acts, passwords, sign_ins
from identity.api import checking
from identity.api.doors import AnOperator, TheCause, TheDoors
from identity.api.problems import problem
from identity.api.users import reachable

router = APIRouter(tags=["identity"])
Password = Annotated[str, Field(min_length=1, max_length=200)]


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    old_password: Password
    new_password: Password


class OneTimePassword(BaseModel):
    """Shown once, valid for a week, and good only for choosing a password of one's own."""

    login: str
    password: str
    password_change_required: bool = True


@router.post("/me/password", status_code=204, responses=answers(409, 429))
async def change_own_password(
    change: PasswordChange,
    who: SignedInAtAll,
    request: Request,
    store_: TheStore,
    doors: TheDoors,
    cause: TheCause,
) -> Response:
    """Needs the old password, also of who has just signed in."""
    async with store_.pool.acquire() as tx:
        row = await sign_ins.password_of(tx, who.user_id)
    if row is None:
        raise not_found()
    login = row["login"]
    old, new = change.old_password, change.new_password
    if not await checking.is_right(request, store_, doors, login, old, row):
        raise problem("wrong_password")
    if weak := passwords.weaknesses(new, login, old):
        raise problem("weak_password", reasons=weak)
    hashed = await doors.hashing.hash(new)
    async with store_.transaction() as tx:
        if not await sign_ins.replace_password(tx, who.user_id, row["hash"], hashed, cause.at):
            raise problem("changed_meanwhile")
        await acts.record(tx, at=cause.at, actor_id=who.user_id, actor="user",
                          action="password.changed", subject=who.user_id)  # fmt: skip
    return Response(status_code=204)


@router.post("/users/{user_id}/password", responses=answers(409))
async def reset_password(
    user_id: UUID,
    who: AnOperator,
    store_: TheStore,
    doors: TheDoors,
    cause: TheCause,
    response: Response,
) -> OneTimePassword:
    """A one-time password, told this once. The old one is dead at once."""
    password = passwords.one_time()
    hashed = await doors.hashing.hash(password)
    async with store_.transaction() as tx:
        user = await reachable(tx, user_id)
        if user.login is None:
            raise problem("no_login")
        await sign_ins.save_passwords(tx, {user_id: hashed}, cause.at, must_change=True)
        await acts.record(tx, at=cause.at, actor_id=who.user_id, actor="operator",
                          action="password.reset", subject=user_id)  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return OneTimePassword(login=user.login, password=password)
