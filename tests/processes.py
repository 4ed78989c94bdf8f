"""A service as a process of its own, as it runs in earnest: `python -m <name>.main`."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from tests.conftest import KEY
from tools.stack import program, services
from tools.stack.ports import free_port
from tools.stack.settings import ROOT

TRACES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@dataclass(frozen=True, slots=True)
class Child:
    """A service that was started: where it is reached, and what it has written."""

    url: str
    log: Path
    process: asyncio.subprocess.Process

    def wrote(self, words: str) -> bool:
        return words in self.log.read_text()

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            return await http.get(f"{self.url}{path}")

    async def ended(self, within_s: float = 30.0) -> int:
        """The exit code. Raises TimeoutError."""
        return await asyncio.wait_for(self.process.wait(), within_s)

    async def stopped_by(self, number: signal.Signals, within_s: float) -> int:
        """The exit code after a signal. Raises TimeoutError."""
        self.process.send_signal(number)
        return await self.ended(within_s)


def environment(database_url: str, password: str, kafka: str, **more: str) -> dict[str, str]:
    """All that any of the services must be told, and a port of its own."""
    known = {
        "DATABASE_URL": database_url,
        "DATABASE_PASSWORD": password,
        "KAFKA_BOOTSTRAP": kafka,
        "ENCRYPTION_KEY": KEY,
        "HTTP_PORT": str(free_port()),
        "PORTAL_URL": services.PORTAL_URL,
        "PUBLIC_URL": "https://certificates.example",
        **services.OPERATOR,
        "PYTHONUNBUFFERED": "1",
    }
    return {k: v for k, v in os.environ.items() if k not in TRACES} | known | more


@asynccontextmanager
async def a_child(
    name: str,
    told: Mapping[str, str],
    folder: Path,
    *,
    ready: bool = True,
    command: Sequence[str] = (),
) -> AsyncIterator[Child]:
    """The service, ready unless that is not to be waited for; ended with the block."""
    url = f"http://127.0.0.1:{told['HTTP_PORT']}"
    wanted = services.program(name, told, url, folder / f"{name}.log")
    if command:
        wanted = replace(wanted, command=[sys.executable, *command])
    process = await program.start(wanted)
    try:
        if ready:
            await program.until_ready(wanted, process)
        yield Child(url, wanted.log, process)
    finally:
        await program.stop(wanted, process)


async def refusal(name: str, told: Mapping[str, str]) -> tuple[int, str]:
    """Exit code and words of a service that cannot start."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"{name}.main"),
        cwd=ROOT, env=told,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, words = await asyncio.wait_for(child.communicate(), 30)
    assert child.returncode is not None
    return child.returncode, words.decode()
