"""HTTP IN: what the portal АИС ПФДО fetches of an account. For its machine client only."""

from typing import Annotated, Final
from uuid import UUID

from chassis.auth import only
from chassis.doors import TheStore
from chassis.openapi import answers
from chassis.problems import not_found
from chassis.tokens import Principal
from contracts.values import Role
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from documents import door_store
from documents.api.doors import (
    TRIES_MAX,
    TheDoors,
    busy,
    expect_living,
    expect_ready,
    hand_to_portal,
    handing,
)
from documents.credentials import open_values
from documents.hashing import TooManyWait

router = APIRouter(tags=["portal"])
SCOPE: Final = "portal-accounts:read"


class PortalAccount(BaseModel):
    """`password_hash`: argon2id in PHC format, with a salt of its own at each answer."""

    login: str
    password_hash: str


@router.get("/portal-accounts/{certificate_id}", responses=answers(409, 410))
async def show_portal_account(
    certificate_id: UUID,
    who: Annotated[Principal, only(SCOPE)],
    store_: TheStore,
    doors: TheDoors,
    http: Request,
    response: Response,
) -> PortalAccount:
    """The login and a hash of the password that is valid now; each answer is journalled."""
    if not may_ask(who):
        raise not_found()
    for _ in range(TRIES_MAX):
        async with store_.pool.acquire() as tx:
            (row,) = await door_store.portal_accounts(tx, [certificate_id])
        if row is None:
            raise not_found()
        expect_living(row)
        expect_ready(row)
        values = open_values(
            doors.workshop.master_key, row["document_id"], row["sealed_values"], row["sealed_key"]
        )
        try:
            password_hash = await doors.hashing.hash(values.password)
        except TooManyWait:
            break
        if await hand_to_portal(http, handing(row, "portal_account", who, "client")):
            response.headers["Cache-Control"] = "no-store"
            return PortalAccount(login=values.login, password_hash=password_hash)
    raise busy()


def may_ask(who: Principal) -> bool:
    """A machine client; where tokens carry scopes, one that was given this scope."""
    scopes = getattr(who, "scopes", None)
    return Role.client in who.roles and (scopes is None or SCOPE in scopes)
