"""Callers who come while a transaction is under way share the next one.

Alone, one waits for nobody; a hundred at once cost one commit and a few statements for sets. A set
follows the one before by 10 ms at least: a few hundred a second would each be a set of their own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from chassis.database import is_transient
from chassis.problems import Problem
from chassis.waiting import Turns

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")
Work = Callable[[Sequence[Ask]], Awaitable[Sequence[Answer]]]
AT_ONCE = 200
WAITING_MAX = 2000
EVERY_S = 0.01


class Together(Generic[Ask, Answer]):
    """`work(asks)` answers them in order, all or none; an answer may be an exception, to raise."""

    def __init__(self, work: Work[Ask, Answer | Exception]) -> None:
        self._work = work
        self._waiting: list[tuple[Ask, asyncio.Future[Answer]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._turns = Turns(EVERY_S)

    async def __call__(self, ask: Ask) -> Answer:
        """The answer to `ask`. Raises what it brought about, and nothing that a neighbour did.

        Raises Problem 503 where too many wait already.
        """
        if len(self._waiting) >= WAITING_MAX:
            raise Problem(
                503,
                "too_busy",
                "Сейчас очень много обращений",
                "Повторите через несколько секунд.",
                headers={"Retry-After": "5"},
            )
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, answer))
        if self._worker is None:
            self._worker = asyncio.create_task(self._until_nobody_waits())
        return await answer

    async def _until_nobody_waits(self) -> None:
        batch: list[tuple[Ask, asyncio.Future[Answer]]] = []
        try:
            while self._waiting:
                await self._turns.come()
                batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                asks = [ask for ask, _ in batch]
                for (_, waiter), answer in zip(batch, await self._answers(asks), strict=True):
                    _tell(waiter, answer)
        finally:  # whatever ends this task, nobody waits for ever
            self._worker = None
            for _, waiter in (*batch, *self._waiting):
                _tell(waiter, RuntimeError("the work has ended without an answer"))
            self._waiting = []

    async def _answers(self, asks: Sequence[Ask]) -> Sequence[Answer | Exception]:
        try:
            return await self._work(asks)
        except Exception as error:  # noqa: BLE001  it is raised where it was asked for
            if len(asks) == 1 or is_transient(error):
                return [error] * len(asks)
            return [one for ask in asks for one in await self._answers([ask])]


def _tell(waiter: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    if waiter.done():  # who asked has gone
        return
    if isinstance(answer, Exception):
        waiter.set_exception(answer)
    else:
        waiter.set_result(answer)
