"""`make faults`: python -m faults [--seed N] [--times N] [--since NAME] [NAME[/FAILPOINT] …].

Each row of docs/reliability.md is written as its scenario ends, so what is broken off keeps what it
has; `--since` goes on from there.
"""

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
    parser.add_argument("--times", type=int, default=1, help="how often to do all of it")
    parser.add_argument("--since", metavar="NAME", help="of all, this one and those after it")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENARIOS))
    asked = parser.parse_args()
    names = _wanted(asked.names, asked.since)
    print(machine.describe())
    outcomes = asyncio.run(_play(names, asked.seed, asked.times))
    return int(any(one.violations for one in outcomes))


def _wanted(names: Sequence[str], since: str | None) -> Sequence[str]:
    """What to play, in order. Raises Problem for a name that is none."""
    named = {name.partition("/")[0] for name in names} | ({since} if since else set())
    if unknown := named - set(SCENARIOS):
        raise Problem(
            f"No such scenario: {', '.join(sorted(unknown))}. There are: {', '.join(SCENARIOS)}."
        )
    every = list(SCENARIOS)
    return names or every[every.index(since) if since else 0 :]


async def _play(names: Sequence[str], seed: int, times: int) -> list[Outcome]:
    """Told to stop, it ends what it started."""
    task = asyncio.current_task()
    assert task
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    outcomes = []
    for place, name in enumerate(names):
        wanted, _, only = name.partition("/")
        _say_what_is_left(names, place)
        try:
            one = await run(SCENARIOS[wanted], seed, times=times, only=only)
        except Exception as error:  # noqa: BLE001  the others are played all the same
            traceback.print_exc()
            broken = Violation("I5", f"broke off: {type(error).__name__} {error}")
            one = Outcome(wanted, seed, "broke off", violations=(broken,))
        report.tell(one)
        if not only:  # a part of a scenario is not its row
            report.write(one)
        outcomes.append(one)
    return outcomes


def _say_what_is_left(names: Sequence[str], place: int) -> None:
    left = [name.partition("/")[0] for name in names[place:]]
    minutes = report.left_min(report.PAGE.read_text(encoding="utf-8"), left)
    print(f"[{place + 1}/{len(names)}] {names[place]}; about {minutes:.0f} min left", flush=True)


if __name__ == "__main__":
    sys.exit(told(main))
