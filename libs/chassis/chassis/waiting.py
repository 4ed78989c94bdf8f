"""Waiting for a wake, with a bound; and for a turn, so that little work is not done too often."""

import asyncio
from math import inf


async def woken(event: asyncio.Event, within_s: float) -> bool:
    """Whether it was set within this time.

    Not with `wait_for`: before Python 3.12 it loses a cancellation that comes at the moment of the
    wake (bpo-42130), and a loop that was told to end goes on for ever.
    """
    try:
        async with asyncio.timeout(within_s):
            return await event.wait()
    except TimeoutError:
        return False


class Turns:
    """One in `every_s` seconds, for one who comes again and again; after a pause it is at once."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._next_at = -inf

    async def come(self) -> None:
        clock = asyncio.get_running_loop().time
        if (pause_s := self._next_at - clock()) > 0:
            await asyncio.sleep(pause_s)
        self._next_at = clock() + self._every_s
