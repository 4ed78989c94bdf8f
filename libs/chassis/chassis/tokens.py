"""Tokens: an Ed25519 JWT from identity, checked with its public keys (JWKS)."""

import asyncio
import ssl
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import Final
from uuid import UUID

import httpx
import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chassis import clock
from chassis.problems import Problem

log = structlog.get_logger()
ISSUER: Final = "identity"
AUDIENCE: Final = "certificates-of-additional-education"
ALGORITHM: Final = "Ed25519"
TOKEN_S_MAX: Final = 600
PASSWORD_CHANGE: Final = "password:change"  # noqa: S105  a scope: nothing but the change is open
_REFETCH_S: Final = 5.0
_FRESH_S: Final = 10.0
_KNOWN_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Principal:
    """The signed-in user: no personal data, and not whom they are linked to.

    `scopes`: what a machine client may do.
    """

    user_id: UUID
    roles: frozenset[str]
    organization: str | None
    expires_at: float
    scopes: frozenset[str] = frozenset()


def unauthorized(detail: str) -> Problem:
    return Problem(
        401,
        "unauthorized",
        "Нужно войти в систему",
        detail,
        headers={"WWW-Authenticate": "Bearer"},
    )


class TokenCheck:
    """Checks tokens; keeps identity's keys for ten seconds, and what it has checked with them.

    A key that identity has withdrawn is refused ten seconds later, also for tokens seen before.
    One call asks identity for its keys; the others go on with the known ones.
    """

    def __init__(self, jwks_url: str, fresh_s: float = _FRESH_S) -> None:
        self._url = jwks_url
        self._fresh_s = fresh_s
        self._keys: KeySet | None = None
        self._fetched_at = -inf
        self._lock = asyncio.Lock()
        self._known: OrderedDict[str, Principal] = OrderedDict()

    async def __call__(self, token: str) -> Principal:
        """Raises Problem 401, or 503 while identity's keys cannot be had."""
        moment = clock.now().timestamp()
        if self._is_stale():
            await self._refresh(self._fresh_s)
        if (known := self._known.get(token)) and known.expires_at > moment:
            return known
        principal = self._checked(await self._key_set(token), token, moment)
        self._known[token] = principal
        while len(self._known) > _KNOWN_MAX:
            self._known.popitem(last=False)
        return principal

    def _checked(self, keys: KeySet, token: str, moment: float) -> Principal:
        registry = jwt.JWTClaimsRegistry(
            now=int(moment),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        try:
            claims = jwt.decode(token, keys, algorithms=[ALGORITHM]).claims
            registry.validate(claims)
            _expect_short(claims)
            return Principal(
                UUID(claims["sub"]),
                frozenset(claims.get("roles", ())),
                claims.get("organization"),
                float(claims["exp"]),
                frozenset(claims.get("scope", "").split()),
            )
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise unauthorized("Вход устарел или не распознан. Войдите снова.") from None

    async def _key_set(self, token: str) -> KeySet:
        """The keys; fetched again, at most every few seconds, for a `kid` that is not known."""
        wanted = _kid(token)
        if self._keys is None or wanted not in _kids(self._keys):
            await self._refresh(_REFETCH_S)
        if self._keys is None:
            raise Problem(503, "keys_unavailable", "Сервис входа не отвечает", "Повторите позже.")
        return self._keys

    def _is_stale(self) -> bool:
        return asyncio.get_running_loop().time() - self._fetched_at > self._fresh_s

    async def _refresh(self, age_s_max: float) -> None:
        """Fetch the keys unless that was tried a moment ago; who waited does not ask again."""
        async with self._lock:
            loop_time = asyncio.get_running_loop().time()
            if loop_time - self._fetched_at > age_s_max:
                self._fetched_at = loop_time
                await self._fetch()

    async def _fetch(self) -> None:
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False, verify=_tls()) as client:
                answer = await client.get(self._url)
                answer.raise_for_status()
                keys = KeySet.import_key_set(answer.json())
                if self._keys is None or _kids(keys) != _kids(self._keys):
                    self._known.clear()
                self._keys = keys
        except (httpx.HTTPError, ValueError, JoseError) as error:
            log.warning("jwks_not_fetched", error=type(error).__name__)


@cache
def _tls() -> ssl.SSLContext:
    """Made once: to load the authorities takes tens of milliseconds, in which nobody is served."""
    return httpx.create_ssl_context(trust_env=False)


def _expect_short(claims: dict[str, int]) -> None:
    """Whoever has a key that leaked must not make tokens for years. Raises ValueError."""
    if claims["exp"] - claims["iat"] > TOKEN_S_MAX:
        raise ValueError("lives too long")


def _kids(keys: KeySet) -> set[str | None]:
    return {key.kid for key in keys.keys}


def _kid(token: str) -> str | None:
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError):
        return None
    return kid if isinstance(kid, str) else None
