"""The portal's password hash: argon2id, computed when АИС ПФДО asks for it.

The password is random (81 bits); the hash guards it on its way and in the portal, not here.
"""

import asyncio

from argon2 import PasswordHasher

AT_ONCE_MAX = 2
WAITING_MAX = 100  # some two seconds of work; more would only wait in vain
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP, 19 MiB


class TooManyWait(Exception):
    """More ask for a hash than can be served soon."""


class Hashing:
    """Hashes in threads, two at once: 19 MiB and some 20 ms each."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE_MAX)
        self._asked = 0

    async def hash(self, password: str) -> str:
        """Raises TooManyWait."""
        if self._asked >= WAITING_MAX:
            raise TooManyWait
        self._asked += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(_hasher.hash, password)
        finally:
            self._asked -= 1
