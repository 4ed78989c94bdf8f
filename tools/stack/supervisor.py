"""Starts programs, starts again those that die, stops them all in reverse order."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress

from tools.stack.problem import Problem, first
from tools.stack.program import Program, say, start, stop, until_ready

BACKOFF_S_MIN, BACKOFF_S_MAX = 0.5, 10.0
NOTE_AGAIN_S = 1.0
STEADY_S = 30.0  # up for so long: the next death is a new story


class Kept:
    """One program that is kept running."""

    def __init__(self, program: Program, changed: Callable[[], None]) -> None:
        self.program = program
        self.process: asyncio.subprocess.Process | None = None
        self._changed = changed

    async def start(self) -> None:
        """Raises Problem when it does not become ready."""
        self.process = await start(self.program)
        self._changed()
        await until_ready(self.program, self.process)

    async def keep(self) -> None:
        """Wait for its death and start it again, for ever."""
        backoff_s = BACKOFF_S_MIN
        while True:
            assert self.process is not None
            since = time.monotonic()
            code = await self.process.wait()
            if not self.program.comes_back:
                raise Problem(f"{self.program.name} ended with {code}, and what it held is gone.")
            if time.monotonic() - since > STEADY_S:
                backoff_s = BACKOFF_S_MIN
            say(f"{self.program.name} ended ({_cause(code)}); starting it in {backoff_s:.1f} s.")
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, BACKOFF_S_MAX)
            await self._start_again()

    async def _start_again(self) -> None:
        began = time.monotonic()
        try:
            await self.start()
        except (Problem, OSError) as problem:  # a full disk, perhaps: it will be tried again
            say(str(first(problem) or f"{self.program.name} could not be started: {problem}."))
            if self.process and self.process.returncode is None:
                await stop(self.program, self.process)
        else:
            say(f"{self.program.name} is back after {time.monotonic() - began:.1f} s.")

    async def stop(self) -> None:
        if self.process:
            await stop(self.program, self.process)


class Supervisor:
    """`pids_changed` is called with name → pid whenever a process was started."""

    def __init__(
        self, tasks: asyncio.TaskGroup, pids_changed: Callable[[Mapping[str, int]], None]
    ) -> None:
        self._tasks = tasks
        self._pids_changed = pids_changed
        self._stages: defaultdict[int, list[Kept]] = defaultdict(list)
        self._keeping: list[asyncio.Task[None]] = []
        self._noting: asyncio.Task[None] | None = None

    async def start(self, stage: int, *programs: Program) -> None:
        """Start these together, and wait until all are ready. Raises Problem (in a group)."""
        group = [Kept(program, self._note) for program in programs]
        self._stages[stage] += group
        async with asyncio.TaskGroup() as starting:
            for kept in group:
                starting.create_task(kept.start())
        self._keeping += [self._tasks.create_task(kept.keep()) for kept in group]

    def leave(self) -> None:
        """Keep nothing running any more; stop() follows."""
        for task in (*self._keeping, *([self._noting] if self._noting else [])):
            task.cancel()

    async def stop(self) -> None:
        """The last stage first, all of one stage at once."""
        for stage in sorted(self._stages, reverse=True):
            await asyncio.gather(*(kept.stop() for kept in self._stages[stage]))

    def _note(self) -> None:
        """What cannot be written down runs all the same, and is written down as soon as it can."""
        try:
            self._write_down()
        except OSError as error:
            if self._noting is None or self._noting.done():
                say(str(first(error) or f"The list of processes could not be written: {error}."))
                self._noting = self._tasks.create_task(self._note_later())

    async def _note_later(self) -> None:
        while True:
            await asyncio.sleep(NOTE_AGAIN_S)
            with suppress(OSError):
                return self._write_down()

    def _write_down(self) -> None:
        pids = {"supervisor": os.getpid()}
        for kept in (kept for stage in sorted(self._stages) for kept in self._stages[stage]):
            if kept.process:
                pids[kept.program.name] = kept.process.pid
        self._pids_changed(pids)


def _cause(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
