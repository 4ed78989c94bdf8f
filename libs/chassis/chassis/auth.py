"""Who is asking: what routes ask of the bearer token, and what OpenAPI says of it."""

from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from chassis.openapi import TOKEN
from chassis.problems import Problem
from chassis.tokens import PASSWORD_CHANGE, Principal, TokenCheck, unauthorized

_BEARER = HTTPBearer(
    auto_error=False, scheme_name=TOKEN, bearerFormat="JWT",
    description="From identity's `POST /token`. Roles that a route names are looked up where the"
    " route is served, as identity's events tell them: a role in the token alone opens nothing.",
)  # fmt: skip


async def signed_in_at_all(
    request: Request, told: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
) -> Principal:
    """FastAPI dependency: the principal of the bearer token, or problem 401."""
    if told is None:
        raise unauthorized("Войдите в систему.")
    check: TokenCheck = request.app.state.token_check
    return await check(told.credentials.strip())


async def signed_in(
    request: Request, told: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
) -> Principal:
    """The same, or problem 403 for a one-time password that is not changed yet."""
    who = await signed_in_at_all(request, told)
    if PASSWORD_CHANGE in who.scopes:
        raise Problem(
            403,
            "password_change_required",
            "Сначала смените одноразовый пароль",
            "Придумайте свой пароль и войдите с ним.",
        )
    return who


def only(*names: str) -> Any:
    """`SignedIn` where OpenAPI names the role or scope that is needed; the route looks it up."""
    return Security(signed_in, scopes=names)


SignedInAtAll = Annotated[Principal, Depends(signed_in_at_all)]
SignedIn = Annotated[Principal, Depends(signed_in)]
