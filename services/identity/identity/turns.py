"""Who comes at once waits for those before: no more are checked together than may be wrong freely.

In this process only, so that a row of the database is not asked again and again; what holds for all
processes together is counted there (throttle).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from identity.hashing import WAITING_MAX, Busy
from identity.throttle import RULES

AT_ONCE_MAX: Final = RULES["account at address"].free + 1


class Turns:
    """One turn a try, a few at once for each subject (a digest), in the order of coming."""

    def __init__(self, waiting_max: int = WAITING_MAX) -> None:
        self._turns: WeakValueDictionary[bytes, asyncio.Semaphore] = WeakValueDictionary()
        self._waiting_max = waiting_max
        self._inside = 0

    @asynccontextmanager
    async def of(self, subject: bytes) -> AsyncIterator[None]:
        """Raises Busy where too many are inside or wait."""
        if self._inside >= self._waiting_max:
            raise Busy
        turn = self._turns.setdefault(subject, asyncio.Semaphore(AT_ONCE_MAX))
        self._inside += 1
        try:
            async with turn:
                yield
        finally:
            self._inside -= 1
