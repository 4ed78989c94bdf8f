"""Waiting for a wake, with a bound."""

import asyncio


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
