"""Waiting for what will become true, instead of sleeping for as long as it usually takes."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")
WITHIN_S = 20.0
POLL_S = 0.02


@overload
async def eventually(
    check: Callable[[], Awaitable[T]], *, within_s: float = ..., why: str = ...
) -> T: ...
@overload
async def eventually(check: Callable[[], T], *, within_s: float = ..., why: str = ...) -> T: ...
async def eventually(
    check: Callable[[], T | Awaitable[T]], *, within_s: float = WITHIN_S, why: str = ""
) -> T:
    """The first truthy answer of `check`. Fails with the last answer when time is up."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + within_s
    while True:
        answer = check()
        found: T = await answer if inspect.isawaitable(answer) else answer
        if found:
            return found
        assert clock() < deadline, f"{why or 'not so'} after {within_s} s; last: {found!r}"
        await asyncio.sleep(POLL_S)
