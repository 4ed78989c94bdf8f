"""`make demo`: everything up, then one certificate from the request to its activation.

Goes on serving afterwards; with `ONCE=1` it ends there, and its exit code says whether all is well.
"""

import asyncio
import json
import sys
import time

from tools.stack import main_job, seed, settings, stack, up
from tools.stack.problem import told
from tools.stack.program import say
from tools.stack.stack import Addresses


def main() -> int:
    """0 after a good end or a clean stop, 1 where something was not true, 2 with one sentence."""
    configured = settings.load()
    began = time.monotonic()

    async def show(addresses: Addresses) -> int:
        users = await seed.seed(configured.local, addresses)
        up.show(configured, addresses, users)
        demo = json.loads((configured.local / seed.DEMO_FILE).read_text())
        outcome = await main_job.run(demo, configured.local)
        main_job.print_outcome(outcome)
        say(f"\nDone after {time.monotonic() - began:.1f} s.")
        if configured.once:
            return 0 if outcome.is_good else 1
        say("Everything goes on serving. Ctrl-C or `make down` stops it.")
        await asyncio.Event().wait()
        return 0

    return stack.run(configured, show)


if __name__ == "__main__":
    sys.exit(told(main))
