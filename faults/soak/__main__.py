"""`make soak`: python -m faults.soak [--minutes N] [--rate N] [--seed N] [--write].

A system with two of each service, Apache Kafka and PostgreSQL; requests of a crowd at half the rate
that `make bench` measured, families and readers by HTTP, and a kill every minute: always the second
of the two, so that the first is as old as the run and its growth shows. A week passes meanwhile
(`faults.soak.days`). At the end nothing that is tidied may have grown, and the history is judged.
"""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench import crowd, machine
from faults import gathering
from faults.checker import Violation
from faults.lab import Lab, Shape, a_lab
from faults.load import Load, a_load
from faults.soak import days, flat, load, report, samples, verdict
from tools.stack.problem import told
from tools.stack.settings import ROOT, SERVICES

TWO = Shape(replicas=dict.fromkeys(SERVICES, 2))
SHORT_DAYS = 12
KILL_EVERY_S = 60.0
SAMPLE_EVERY_S = 5.0
FOLDER = ROOT / ".local" / "soak"


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how much, and which chance."""

    minutes: float
    per_s: float
    seed: int

    @property
    def seconds(self) -> float:
        return self.minutes * 60

    @property
    def day_s(self) -> float:
        return self.seconds / SHORT_DAYS


def main() -> int:
    """0: all is flat and every promise held; 1: not so."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what dies is meant to die
    parser = argparse.ArgumentParser(prog="python -m faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=1500.0, help="requests a second from Kafka")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    asked = parser.parse_args()
    plan = Plan(asked.minutes, asked.rate, asked.seed)
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "samples.jsonl"
    file.unlink(missing_ok=True)
    print(described := machine.describe(), flush=True)
    ended = asyncio.run(_soak(plan, file))
    known = samples.kept(file)
    judged = flat.judge_all(known)
    page = report.Page(described, plan.minutes, plan.per_s, plan.seed, ended)
    for line in report.lines(page, judged):
        print(line, flush=True)
    if asked.write:
        report.write(page, judged, known)
    return int(bool(ended.violations) or not all(one.flat for one in judged))


async def _soak(plan: Plan, file: Path) -> report.Ended:
    chance = Random(plan.seed)
    async with a_lab(TWO) as lab:
        count = int(plan.seconds * plan.per_s) + int(plan.per_s)
        print(f"{count:,} children are made", flush=True)
        await crowd.settle(lab.stack, count, dict.fromkeys(crowd.TABLES, ("people",)))
        async with a_load(lab, chance, students=1500, listens=False) as families:
            began = await days.prepare(lab, plan.day_s, SHORT_DAYS + 4)
            killed: list[str] = []
            asking = load.Crowd()
            until = time.monotonic() + plan.seconds
            beside = [
                asyncio.create_task(one)
                for one in (
                    load.families(families),
                    load.readers(lab, families),
                    load.kills(lab, chance, KILL_EVERY_S, killed),
                    days.pass_(lab, began, plan.day_s, SHORT_DAYS),
                    _sample(lab, plan, file),
                )
            ]
            try:
                await _first(asyncio.create_task(asking.ask(lab, plan.per_s, until)), beside)
            finally:
                await _end(beside)
            return await _ended(lab, families, asking.sent, killed)


async def _first(main_: "asyncio.Task[None]", beside: "Sequence[asyncio.Task[None]]") -> None:
    """Until the crowd is through. Raises what ended one of the others before."""
    waiting: set[asyncio.Task[None]] = {main_, *beside}
    while not main_.done():
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    main_.result()


async def _end(beside: "Sequence[asyncio.Task[None]]") -> None:
    for one in beside:
        one.cancel()
    for one in beside:
        with suppress(asyncio.CancelledError):
            await one


async def _sample(lab: Lab, plan: Plan, file: Path) -> None:
    began, told_at = time.monotonic(), 0.0
    every_s = min(SAMPLE_EVERY_S, plan.seconds / 100)
    while True:
        at = time.monotonic() - began
        values = await samples.sample(lab)
        samples.keep(file, at, values)
        if at - told_at >= 60:
            told_at = at
            print(
                f"  {at / 60:.0f} of {plan.minutes:.0f} min: lag {values['lag']:,.0f}, "
                + ", ".join(f"{name} {values[f'memory: {name}']:.0f} MiB" for name in SERVICES),
                flush=True,
            )
        await asyncio.sleep(max(0.0, every_s - (time.monotonic() - began - at)))


async def _ended(lab: Lab, families: Load, sent: int, killed: Sequence[str]) -> report.Ended:
    families.deaf = True
    healed_s = await gathering.healed(lab)
    found = await verdict.judged(lab, families, sent)
    if healed_s >= gathering.HEALED_S_MAX:
        found.append(Violation("I5", f"not healed after {healed_s:.0f} s"))
    return report.Ended(sent, len(families.asks), len(killed), healed_s, tuple(found))


if __name__ == "__main__":
    sys.exit(told(main))
