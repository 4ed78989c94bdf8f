"""A scenario: a named way to do harm under load, and how one run of it is judged."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from faults import gathering
from faults.checker import Violation, violations
from faults.history import Place
from faults.lab import Lab, Shape, a_lab
from faults.load import Load, a_load
from tools.stack.settings import ROOT

KEPT = ROOT / ".local" / "faults"
RATE_PER_S = 25.0


@dataclass
class Stage:
    """What a scenario works with: the lab, the load, and chance by the seed.

    `times`: how often to do all of it; once is what the fault matrix asks for.
    """

    lab: Lab
    load: Load
    chance: Random
    times: int = 1
    only: str = ""
    harms: int = 0
    backs: list[float] = field(default_factory=list)
    poison: list[Place] = field(default_factory=list)
    broken: list[Violation] = field(default_factory=list)

    def expect(self, holds: object, invariant: str, words: str) -> None:
        """A promise that only this scenario can judge."""
        if not holds:
            self.broken.append(Violation(invariant, words))

    async def back(self, *names: str, within_s: float = 120.0) -> None:
        """Wait until these parts are ready, and note how long it took."""
        self.harms += 1
        try:
            self.backs.append(await self.lab.back(names, within_s))
        except TimeoutError:
            self.broken.append(Violation("I5", f"{names or 'all'}: not back in {within_s:.0f} s"))


Play = Callable[[Stage], Awaitable[str]]


@dataclass(frozen=True)
class Scenario:
    """`back_s`: the target, from a death (or the end of the harm) to being ready again."""

    name: str
    play: Play
    fault: str
    back_s: float
    shape: Shape
    students: int
    within_s: float
    skip: Callable[[], str | None]


@dataclass(frozen=True)
class Outcome:
    """`back_s` is the longest; `healed_s`: from the end of the harm until all was done.

    `took_s`: the whole run, from the first process to the verdict.
    """

    name: str
    seed: int
    did: str
    harms: int = 0
    back_s: float = 0.0
    healed_s: float = 0.0
    asked: int = 0
    took_s: float = 0.0
    violations: tuple[Violation, ...] = ()
    skipped: str | None = None


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    fault: str,
    *,
    back_s: float = 20.0,
    shape: Shape | None = None,
    students: int = 1500,
    within_s: float = 900.0,
    skip: Callable[[], str | None] = lambda: None,
) -> Callable[[Play], Play]:
    """Register a function under its name; its docstring says what it does."""

    def register(play: Play) -> Play:
        name = getattr(play, "__name__", "").replace("_", "-")
        SCENARIOS[name] = Scenario(
            name, play, fault, back_s, shape or Shape(), students, within_s, skip
        )
        return play

    return register


async def run(wanted: Scenario, seed: int, *, times: int = 1, only: str = "") -> Outcome:
    """One run, judged. Raises TimeoutError past its bound."""
    if reason := wanted.skip():
        return Outcome(wanted.name, seed, "", skipped=reason)
    chance, clock = Random(seed), asyncio.get_running_loop().time
    began = clock()
    async with (
        asyncio.timeout(wanted.within_s * times),
        a_lab(wanted.shape) as lab,
        a_load(lab, chance, students=wanted.students) as load,
    ):
        stage = Stage(lab, load, chance, times, only)
        did = await wanted.play(stage)
        await load.over()
        healed_s = await gathering.healed(lab)
        slowest = max(stage.backs, default=0.0)
        stage.expect(slowest <= wanted.back_s, "I5", f"it took {slowest:.1f} s to be back")
        if healed_s >= gathering.HEALED_S_MAX:
            stage.expect(holds=False, invariant="I5", words=f"not healed after {healed_s:.0f} s")
        history = await gathering.history(lab, load, tuple(stage.poison))
        found = (*stage.broken, *violations(history))
        _keep_logs(lab, wanted.name, seed, keep=bool(found))
    counts = ", ".join(f"{n} × {what}" for what, n in sorted(load.statuses.items()))
    return Outcome(
        wanted.name, seed, f"{did}; answers by HTTP: {counts or 'none'}", stage.harms,
        slowest, healed_s, len(load.asks), clock() - began, found,
    )  # fmt: skip


def _keep_logs(lab: Lab, name: str, seed: int, *, keep: bool) -> Path:
    """Of a run with violations, for who looks for the cause; of an earlier one no more."""
    folder = KEPT / f"{name}-{seed}"
    with suppress(OSError):
        shutil.rmtree(folder)
    if keep:
        shutil.copytree(lab.settings.local / "logs", folder)
    return folder
