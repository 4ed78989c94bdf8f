"""`make up`: everything, with demo data and sign-ins; serves until Ctrl-C or `make down`."""

import asyncio
import sys
import time
from collections.abc import Sequence

from tools.stack import seed, settings, stack
from tools.stack.demo_data import SignIn
from tools.stack.problem import told
from tools.stack.program import say
from tools.stack.settings import StackSettings
from tools.stack.stack import Addresses


def main() -> int:
    """Serve; the exit code is 0 after a clean stop, 2 with one sentence otherwise."""
    configured = settings.load()
    began = time.monotonic()

    async def serve(addresses: Addresses) -> int:
        users = await seed.seed(configured.local, addresses)
        show(configured, addresses, users)
        say(f"Ready after {time.monotonic() - began:.1f} s. Ctrl-C or `make down` stops it.")
        await asyncio.Event().wait()
        return 0

    return stack.run(configured, serve)


def show(configured: StackSettings, addresses: Addresses, users: Sequence[SignIn]) -> None:
    """Addresses and sign-ins, as a small table."""
    say("")
    for name, url in addresses.urls.items():
        say(f"  {name:<14}{url}")
    say(f"  {'kafka':<14}{addresses.kafka}")
    say(f"  {'postgres':<14}127.0.0.1:{configured.ports['postgres']}\n")
    say(f"  {'login':<12}{'password':<15}{'role':<10}")
    for user in users:
        say(f"  {user.login:<12}{user.password:<15}{user.role:<10}{user.note}")
    say(f"\n  All of this: {configured.local.name}/{seed.DEMO_FILE}")


if __name__ == "__main__":
    sys.exit(told(main))
