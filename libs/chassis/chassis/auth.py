"""Who is asking: what routes ask of the bearer token."""

from typing import Annotated

from fastapi import Depends, Request

from chassis.problems import Problem
from chassis.tokens import PASSWORD_CHANGE, Principal, TokenCheck, unauthorized


async def signed_in_at_all(request: Request) -> Principal:
    """FastAPI dependency: the principal of the bearer token, or problem 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthorized("Войдите в систему.")
    check: TokenCheck = request.app.state.token_check
    return await check(token.strip())


async def signed_in(who: Annotated[Principal, Depends(signed_in_at_all)]) -> Principal:
    """The same, or problem 403 for a one-time password that is not changed yet."""
    if PASSWORD_CHANGE in who.scopes:
        raise Problem(
            403,
            "password_change_required",
            "Сначала смените одноразовый пароль",
            "Придумайте свой пароль и войдите с ним.",
        )
    return who


SignedInAtAll = Annotated[Principal, Depends(signed_in_at_all)]
SignedIn = Annotated[Principal, Depends(signed_in)]
