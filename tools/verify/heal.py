"""Mending what can be mended: look, give each service its orders, wait, and look again.

Nothing is written here: each order is a command of the service whose data it is. What is whole
gives no order, so that healing twice does no more than once.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

import asyncpg

from tools.stack.problem import Problem
from tools.stack.settings import ROOT
from tools.verify.cures import Order

ROUNDS_MAX: Final = 3  # what was said again may show what else is missing
SETTLED_S_MAX: Final = 30.0
POLL_S: Final = 0.5
SHOWN: Final = 20

Orders = Mapping[Order, Sequence[str]]
Look = Callable[[], Awaitable[Orders]]
Run = Callable[[Order, Sequence[str]], Awaitable[Sequence[str]]]


async def heal(look: Look, run: Run, settle: Callable[[], Awaitable[None]]) -> int:
    """Rounds until there is nothing new to do; returns how many orders were given."""
    given: set[tuple[Order, str]] = set()
    for _ in range(ROUNDS_MAX):
        fresh = {
            order: left
            for order, lines in (await look()).items()
            if (left := [line for line in lines if (order, line) not in given])
        }
        for order, lines in fresh.items():
            print(f"{order.service}: {' '.join(order.words)}, {len(lines)} lines")
            _tell(await run(order, lines))
            given.update((order, line) for line in lines)
        if not fresh:
            break
        await settle()
    return len(given)


def _tell(answers: Sequence[str]) -> None:
    for answer in answers[:SHOWN]:
        print(f"    {answer}")
    if len(answers) > SHOWN:
        print(f"    … and {len(answers) - SHOWN} more")


async def settled(databases: Iterable[str]) -> None:
    """Wait within a bound until what was said is sent and what was given again is applied."""
    urls = list(databases)
    deadline = time.monotonic() + SETTLED_S_MAX
    while any([await _is_busy(url) for url in urls]):
        if time.monotonic() > deadline:
            print("    Not all of it has gone out yet: is every service running?")
            return
        await asyncio.sleep(POLL_S)


async def _is_busy(url: str) -> bool:
    tx = await asyncpg.connect(url, timeout=10)
    try:
        return bool(
            await tx.fetchval(
                "SELECT EXISTS (SELECT FROM outbox)"
                " OR EXISTS (SELECT FROM parked WHERE waits_for = 'operator')"
            )
        )
    finally:
        await tx.close()


async def run(environment: Mapping[str, str], order: Order, lines: Sequence[str]) -> list[str]:
    """The command with the settings of its service. Raises Problem where it could not work."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *order.words, env=dict(environment), cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, failed = await process.communicate("".join(f"{line}\n" for line in lines).encode())
    if process.returncode:
        words = failed.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise Problem(f"{order.service} could not heal ({' '.join(order.words)}): {words[-1]}")
    return said.decode().splitlines()
