"""One child process: how it is started, when it is ready, how it is asked to stop."""

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.stack.problem import Problem

POLL_S = 0.05
LOG_BYTES_MAX = 50_000_000
STARTED = "--- started ---"


async def _at_once() -> bool:
    return True


@dataclass(frozen=True)
class Program:
    """`ready` is asked again and again until it says yes or `ready_s_max` has passed."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    ready: Callable[[], Awaitable[bool]] = _at_once
    ready_s_max: float = 60
    stop_signal: signal.Signals = signal.SIGTERM
    stop_s_max: float = 30
    run_as: str | None = None
    folder: Path | None = None
    before_start: Callable[[], None] | None = None
    comes_back: bool = True  # False: it keeps nothing, so a new one would be another one


async def start(program: Program) -> asyncio.subprocess.Process:
    """Start the child in a session of its own, so that Ctrl-C reaches only the supervisor."""
    if program.before_start:
        program.before_start()
    program.log.parent.mkdir(parents=True, exist_ok=True)
    too_long = program.log.exists() and program.log.stat().st_size > LOG_BYTES_MAX
    with program.log.open("wb" if too_long else "ab") as log:
        log.write(f"{STARTED}\n".encode())
        log.flush()
        return await asyncio.create_subprocess_exec(
            *program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(program.environment),
            user=program.run_as,
            group=program.run_as,
            extra_groups=[] if program.run_as else None,
            cwd=program.folder,
            start_new_session=True,
        )


async def until_ready(program: Program, process: asyncio.subprocess.Process) -> None:
    """Raises Problem when the child ends or does not become ready in time."""
    deadline = time.monotonic() + program.ready_s_max
    while not await program.ready():
        if process.returncode is not None:
            raise Problem(
                f"{program.name} ended with {process.returncode} while starting;"
                f" its log {program.log} says: {last_words(program.log)}"
            )
        if time.monotonic() > deadline:
            raise Problem(
                f"{program.name} was not ready after {program.ready_s_max:.0f} s;"
                f" its log {program.log} says: {last_words(program.log)}"
            )
        await asyncio.sleep(POLL_S)


async def stop(program: Program, process: asyncio.subprocess.Process) -> None:
    """Ask the child to stop; end it when it does not within its bound."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(program.stop_signal)
    try:
        await asyncio.wait_for(process.wait(), program.stop_s_max)
    except TimeoutError:
        say(f"{program.name} did not stop within {program.stop_s_max:.0f} s: killed.")
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def last_words(log: Path, lines: int = 3) -> str:
    """The end of what was said since the last start; what ended before is another story."""
    try:
        said = log.read_text(errors="replace").rpartition(f"{STARTED}\n")[2]
    except OSError:
        return "nothing"
    return " | ".join(said.splitlines()[-lines:]) or "nothing"


def say(line: str) -> None:
    """One line for the user, at once. Whether it could be written stops nothing: a full disk."""
    with suppress(OSError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


async def accepts(host: str, port: int) -> bool:
    """Whether somebody listens there."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
