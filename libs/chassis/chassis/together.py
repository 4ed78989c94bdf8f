"""Callers who come while a transaction is under way share the next one.

Alone, one waits for nobody; a hundred at once cost one commit and a few statements for sets.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from chassis.database import is_transient

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")
Work = Callable[[Sequence[Ask]], Awaitable[Sequence[Answer]]]
AT_ONCE = 200


class Together(Generic[Ask, Answer]):
    """`work(asks)` answers them in order, all or none; an answer may be an exception, to raise."""

    def __init__(self, work: Work[Ask, Answer | Exception]) -> None:
        self._work = work
        self._waiting: list[tuple[Ask, asyncio.Future[Answer]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def __call__(self, ask: Ask) -> Answer:
        """The answer to `ask`. Raises what it brought about, and nothing that a neighbour did."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, answer))
        if self._worker is None:
            self._worker = asyncio.create_task(self._until_nobody_waits())
        return await answer

    async def _until_nobody_waits(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                asks = [ask for ask, _ in batch]
                for (_, waiter), answer in zip(batch, await self._answers(asks), strict=True):
                    if waiter.done():  # who asked has gone
                        continue
                    if isinstance(answer, Exception):
                        waiter.set_exception(answer)
                    else:
                        waiter.set_result(answer)
        finally:
            self._worker = None

    async def _answers(self, asks: Sequence[Ask]) -> Sequence[Answer | Exception]:
        try:
            return await self._work(asks)
        except Exception as error:  # noqa: BLE001  it is raised where it was asked for
            if len(asks) == 1 or is_transient(error):
                return [error] * len(asks)
            return [one for ask in asks for one in await self._answers([ask])]
