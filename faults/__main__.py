"""`make faults`: python -m faults [--seed N] [--times N] [NAME[/FAILPOINT] …]."""

import argparse
import asyncio
import logging
import signal
import sys
import traceback
from collections.abc import Sequence

from bench import machine
from faults import report, scenarios
from faults.checker import Violation
from faults.scenario import SCENARIOS, Outcome, run
from tools.stack.problem import Problem, told

assert scenarios.kills  # importing them has registered them


def main() -> int:
    """Play scenarios; 0: no violation, 1: there are some, 2: not played."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what dies is meant to die
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=1, help="how often to do each harm")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENARIOS))
    asked = parser.parse_args()
    names = asked.names or list(SCENARIOS)
    if unknown := {name.partition("/")[0] for name in names} - set(SCENARIOS):
        raise Problem(
            f"No such scenario: {', '.join(sorted(unknown))}. There are: {', '.join(SCENARIOS)}."
        )
    print(machine.describe())
    outcomes = asyncio.run(_play(names, asked.seed, asked.times))
    report.write([one for one in outcomes if one.name in names])  # whole ones only
    return int(any(one.violations for one in outcomes))


async def _play(names: Sequence[str], seed: int, times: int) -> list[Outcome]:
    """Told to stop, it ends what it started."""
    task = asyncio.current_task()
    assert task
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    outcomes = []
    for name in names:
        wanted, _, only = name.partition("/")
        try:
            one = await run(SCENARIOS[wanted], seed, times=times, only=only)
        except Exception as error:  # noqa: BLE001  the others are played all the same
            traceback.print_exc()
            broken = Violation("I5", f"broke off: {type(error).__name__} {error}")
            one = Outcome(wanted, seed, "broke off", violations=(broken,))
        report.tell(one)
        outcomes.append(one)
    return outcomes


if __name__ == "__main__":
    sys.exit(told(main))
