"""Passwords: argon2id in threads, never more at once than there are cores to spare."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE_MAX = 2
WAITING_MAX = 100  # a few seconds of work: whoever comes later had better come back
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP, 19 MiB


class Busy(Exception):
    """As many are waiting for their password to be checked as may wait."""


class Hashing:
    """Hashes and checks; a login that nobody has costs the same time as one that somebody has."""

    def __init__(self, waiting_max: int = WAITING_MAX) -> None:
        self.turn = asyncio.Semaphore(AT_ONCE_MAX)
        self.waiting = 0
        self._waiting_max = waiting_max
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        async with self.turn:
            return await asyncio.to_thread(_hasher.hash, password)

    def expect_room(self) -> None:
        """Raises Busy."""
        if self.waiting >= self._waiting_max:
            raise Busy

    async def matches(self, known: str | None, password: str) -> bool:
        """Whether the password is right; `known` is None for a login that nobody has. Or Busy."""
        self.expect_room()
        self.waiting += 1
        try:
            if self._dummy is None:
                self._dummy = await self.hash(secrets.token_urlsafe())
            async with self.turn:
                right = await asyncio.to_thread(_verify, known or self._dummy, password)
        finally:
            self.waiting -= 1
        return right and known is not None


def _verify(known: str, password: str) -> bool:
    try:
        return _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
