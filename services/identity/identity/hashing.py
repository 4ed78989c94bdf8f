"""Passwords: argon2id in threads, never more at once than there are cores to spare."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE_MAX = 2
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP, 19 MiB


class Hashing:
    """Hashes and checks; a login that nobody has costs the same time as one that somebody has."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE_MAX)
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(_hasher.hash, password)

    async def matches(self, known: str | None, password: str) -> bool:
        """Whether the password is right; `known` is None for a login that nobody has."""
        if self._dummy is None:
            self._dummy = await self.hash(secrets.token_urlsafe())
        async with self._turn:
            right = await asyncio.to_thread(_verify, known or self._dummy, password)
        return right and known is not None


def _verify(known: str, password: str) -> bool:
    try:
        return _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
