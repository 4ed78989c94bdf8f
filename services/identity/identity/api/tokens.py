"""Signing in, and the keys that tokens are checked with."""

from typing import Annotated, Any, Literal

from chassis import clock
from chassis.web import Problem
from contracts.values import Role
from fastapi import APIRouter, Form, Response
from pydantic import BaseModel

from identity import store
from identity.api.doors import TheDoors, TheStore

router = APIRouter()
TOKEN_S = 600


class Token(BaseModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  the OAuth2 word
    expires_in: int = TOKEN_S


@router.post("/token")
async def sign_in(
    username: Annotated[str, Form(min_length=1, max_length=200)],
    password: Annotated[str, Form(min_length=1, max_length=200)],
    store_: TheStore,
    doors: TheDoors,
    response: Response,
    grant_type: Annotated[Literal["password"], Form()] = "password",  # noqa: ARG001  OAuth2's form
) -> Token:
    """OAuth2 password form. A wrong login and a wrong password are told alike."""
    async with store_.pool.acquire() as tx:
        row = await store.credentials(tx, username) if "\x00" not in username else None
    if not await doors.hashing.matches(row["hash"] if row else None, password) or row is None:
        raise Problem(
            401,
            "wrong_login_or_password",
            "Логин или пароль не подошли",
            "Проверьте раскладку клавиатуры и попробуйте ещё раз. Если забыли, обратитесь в школу.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    keys = await doors.key_ring(store_).keys()
    claims: dict[str, Any] = {"sub": str(row["user_id"]), "roles": row["roles"]}
    if row["organization"] and Role.staff in row["roles"]:
        claims["organization"] = row["organization"]
    response.headers["Cache-Control"] = "no-store"
    return Token(access_token=keys.sign(claims, clock.now()))


@router.get("/.well-known/jwks.json")
async def show_keys(store_: TheStore, doors: TheDoors, response: Response) -> dict[str, Any]:
    """The public keys: current, next, and retired ones whose tokens may still live."""
    keys = await doors.key_ring(store_).keys()
    response.headers["Cache-Control"] = "public, max-age=60"
    return {"keys": keys.published}
