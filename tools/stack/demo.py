"""`make demo`: the main job through the real services, each event printed as it happens.

ONCE=1 ends after it, with 0 only if everything is as it should be. Where the stack is running
already, the demo uses it.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
from aiokafka.errors import KafkaError

from tools.stack import follow, journey, paper, running, seed, settings, stack, up
from tools.stack.problem import Problem, told
from tools.stack.program import say
from tools.stack.running import AlreadyRunning
from tools.stack.settings import StackSettings
from tools.stack.stack import Addresses


def main() -> int:
    """Show it. Exit code 0: all of it is true; 1: something is not; 2: it could not be shown."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its trouble becomes our sentence
    configured = settings.load()

    async def serve(addresses: Addresses) -> int:
        users = await seed.seed(configured.local, addresses)
        if not configured.once:
            up.show(configured, addresses, users)
        code = await show(configured)
        if configured.once:
            return code
        say("\nServing on. Ctrl-C or `make down` stops it.")
        await asyncio.Event().wait()
        return code

    try:
        return stack.run(configured, serve)
    except AlreadyRunning:
        running.await_ready(configured.local, configured.local / seed.DEMO_FILE)
        say("Using the stack that is running here.")
        return asyncio.run(show(configured))


async def show(configured: StackSettings) -> int:
    """Run the main job against what demo.json names; 0 if all of it came true."""
    known = _known(configured.local)
    press = follow.Press()
    try:
        async with follow.following(known["kafka"], press):
            shown = await journey.run(known, press, configured.local)
            await press.heard(shown.child, shown.events)
    except (journey.Wrong, paper.WrongPaper, follow.NotHeard, httpx.HTTPError, KafkaError) as wrong:
        say(f"\nNot as it should be: {wrong or type(wrong).__name__}")
        return 1
    say("")
    say(f"  number  {shown.number}")
    say(f"  status  {shown.status}")
    say(f"  valid   {shown.valid_from} … {shown.valid_until}")
    say(f"  PDF     {_near(shown.pdf)}")
    return 0


def _near(path: Path) -> Path:
    """As one would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _known(local: Path) -> Mapping[str, str]:
    path = local / seed.DEMO_FILE
    try:
        known: Mapping[str, str] = json.loads(path.read_text())
    except (OSError, ValueError):
        raise Problem(f"{path} is not there yet: wait until `make up` has printed it.") from None
    return known


if __name__ == "__main__":
    sys.exit(told(main))
