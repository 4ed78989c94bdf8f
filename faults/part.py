"""One process of the lab: started again whenever it dies, until it is told to stay down."""

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import replace

import psutil

from tools.stack.program import Program, start, stop, until_ready

AGAIN_S = 0.2
POLL_S = 0.05


class Part:
    """`deaths`: the exit codes so far, in order; those that were asked for by `down` included."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.deaths: list[int] = []
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Raises AssertionError where it never ran."""
        assert self._process is not None, f"{self.program.name} was not started"
        return self._process.pid

    async def up(self, **more: str) -> None:
        """Ready; `more` is in the environment of this start only. Raises Problem."""
        await self.begin(**more)
        assert self._process is not None
        await until_ready(self.program, self._process)

    async def begin(self, **more: str) -> None:
        """The same without waiting: it may be meant to die while it starts."""
        environment = {**self.program.environment, **more}
        self._process = await start(replace(self.program, environment=environment))
        self._keeping = asyncio.create_task(self._keep())

    async def down(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Ended by a signal, and not started again; its exit code."""
        self._leave()
        assert self._process is not None
        self.send(number)
        code = await self._process.wait()
        self.deaths.append(code)
        return code

    def send(self, number: signal.Signals) -> None:
        """To the process as it is now; to none where it is just dead."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def dies(self, within_s: float, before: int) -> bool:
        """Whether it dies once more than `before`, in this time."""
        deadline = asyncio.get_running_loop().time() + within_s
        while len(self.deaths) <= before:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def is_ready(self) -> bool:
        alive = self._process is not None and self._process.returncode is None
        return alive and await self.program.ready()

    def memory_mib(self) -> float:
        """What it and its children hold."""
        process = psutil.Process(self.pid)
        held = 0
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                held += one.memory_info().rss
        return held / (1 << 20)

    def local_ports(self) -> set[int]:
        """Of its connections."""
        return {one.laddr.port for one in psutil.Process(self.pid).net_connections("tcp")}

    async def end(self) -> None:
        """For good, whatever was done to it."""
        self._leave()
        if self._process and self._process.returncode is None:
            self.send(signal.SIGCONT)
            await stop(self.program, self._process)

    def _leave(self) -> None:
        if self._keeping:
            self._keeping.cancel()
            self._keeping = None

    async def _keep(self) -> None:
        while True:
            assert self._process is not None
            self.deaths.append(await self._process.wait())
            await asyncio.sleep(AGAIN_S)
            self._process = await start(self.program)
