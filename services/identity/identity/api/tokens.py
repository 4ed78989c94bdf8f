"""Signing in, people and machine clients, and the keys that tokens are checked with."""

import base64
import binascii
from typing import Annotated, Any, Literal
from urllib.parse import unquote_plus

import asyncpg
from chassis import clock
from chassis.doors import TheStore
from chassis.openapi import answers
from chassis.problems import Problem
from chassis.tokens import PASSWORD_CHANGE
from contracts.values import Role
from fastapi import APIRouter, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from identity import sign_ins
from identity.api import checking
from identity.api.doors import TheDoors

router = APIRouter(tags=["identity"])
TOKEN_S = 600
Typed = Annotated[str | None, Field(min_length=1, max_length=200)]


class Token(BaseModel):
    """`password_change_required`: the token opens nothing but `POST /me/password`."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  the OAuth2 word
    expires_in: int = TOKEN_S
    scope: str | None = None
    password_change_required: bool = False


class TokenForm(BaseModel):
    """OAuth2's form: `username` and `password`, or a client's id and secret (here or by Basic)."""

    model_config = ConfigDict(hide_input_in_errors=True)

    grant_type: Literal["password", "client_credentials"] = "password"
    username: Typed = None
    password: Typed = None
    client_id: Typed = None
    client_secret: Typed = None
    scope: Annotated[str, Field(max_length=500)] = ""


@router.post("/token", responses=answers(401, 429))
async def sign_in(
    form: Annotated[TokenForm, Form()],
    request: Request,
    store_: TheStore,
    doors: TheDoors,
    response: Response,
) -> Token:
    """A wrong login and a wrong password are told alike, and take as long."""
    is_client = form.grant_type == "client_credentials"
    login, password = _client(form, request) if is_client else _person(form)
    async with store_.pool.acquire() as tx:
        row = await sign_ins.credentials(tx, login) if "\x00" not in login else None
    if is_client and row and Role.client not in row["roles"]:
        row = None
    if not await checking.is_right(request, store_, doors, login, password, row) or row is None:
        raise _wrong(is_client=is_client)
    scopes = _scopes(row, form.scope)
    claims: dict[str, Any] = {"sub": str(row["user_id"]), "roles": row["roles"]}
    if row["organization"] and Role.staff in row["roles"]:
        claims["organization"] = row["organization"]
    if scopes:
        claims["scope"] = " ".join(scopes)
    keys = await doors.key_ring(store_).keys()
    response.headers["Cache-Control"] = "no-store"
    return Token(
        access_token=keys.sign(claims, clock.now()),
        scope=claims.get("scope"),
        password_change_required=row["must_change"],
    )


def _person(form: TokenForm) -> tuple[str, str]:
    if not form.username or not form.password:
        raise _missing("username" if not form.username else "password")
    return form.username, form.password


def _client(form: TokenForm, request: Request) -> tuple[str, str]:
    """Id and secret by the form or by Basic (RFC 6749, 2.3.1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    client_id, secret = form.client_id, form.client_secret
    if scheme.lower() == "basic":
        try:
            typed = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise _missing("authorization") from None
        client_id, _, secret = (unquote_plus(part) for part in typed.partition(":"))
    if not client_id or not secret or len(client_id) + len(secret) > 400:  # noqa: PLR2004
        raise _missing("client_id" if not client_id else "client_secret")
    return client_id, secret


def _missing(field: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body", field), "type": "missing"}])


def _scopes(row: asyncpg.Record, asked: str) -> list[str]:
    """What the token is good for: all that the client may, or the part that it asks for."""
    if row["must_change"]:
        return [PASSWORD_CHANGE]
    granted = row["scopes"] or []
    wanted = asked.split()
    if set(wanted) - set(granted) and Role.client in row["roles"]:
        raise Problem(
            400,
            "invalid_scope",
            "Этой программе такой доступ не дан",
            "Запросите меньше или попросите оператора добавить доступ.",
            error="invalid_scope",
        )
    return [scope for scope in granted if not wanted or scope in wanted]


def _wrong(*, is_client: bool) -> Problem:
    if is_client:
        return Problem(
            401,
            "wrong_client",
            "Имя программы или её секрет не подошли",
            "Проверьте client_id и client_secret.",
            headers={"WWW-Authenticate": "Basic"},
            error="invalid_client",
        )
    return Problem(
        401,
        "wrong_login_or_password",
        "Логин или пароль не подошли",
        "Проверьте раскладку клавиатуры и попробуйте ещё раз. Если забыли, обратитесь в школу.",
        headers={"WWW-Authenticate": "Bearer"},
    )


@router.get("/.well-known/jwks.json")
async def show_keys(store_: TheStore, doors: TheDoors, response: Response) -> dict[str, Any]:
    """The public keys: current, next, and retired ones whose tokens may still live."""
    keys = await doors.key_ring(store_).keys()
    response.headers["Cache-Control"] = "public, max-age=60"
    return {"keys": keys.published}
