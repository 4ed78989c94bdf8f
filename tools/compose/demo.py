"""Tell the demo data on SGO's topics and print who can sign in. Done again, it changes nothing."""

import asyncio
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final, cast

from tools.stack import problem, seed
from tools.stack.program import say

if TYPE_CHECKING:  # at run time it needs the packages of the local stack
    from tools.stack.stack import Addresses

KEPT: Final = Path("/var/lib/demo")


def main() -> int:
    environment = dict(os.environ)  # noqa: TID251  it is passed on to identity.admin
    addresses = SimpleNamespace(
        urls={part: environment[f"{part.upper()}_URL"] for part in ("identity", "certificates")},
        kafka=environment["KAFKA_BOOTSTRAP"],
        databases={},
        identity_environment=environment,
    )
    for user in asyncio.run(seed.seed(KEPT, cast("Addresses", addresses))):
        say(f"  {user.login:<10} {user.password:<14} {user.role}, {user.note}")
    return 0


if __name__ == "__main__":
    sys.exit(problem.told(main))
