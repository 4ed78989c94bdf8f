"""What runs here: one stack at a time, and the pids of all it started.

`.local/pids.json` names each process with the moment it was made, so that a pid that the system
gave to somebody else is never taken for ours.
"""

import fcntl
import json
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

from tools.stack.problem import Problem
from tools.stack.program import POLL_S, say

SUPERVISOR = "supervisor"
STARTERS = ("tools.stack.up", "tools.stack.demo")
SAME_MOMENT_S = 2.0
STOP_S_MAX = 30.0
START_S_MAX = 180.0
LOOK_S_MAX, LOOK_POLL_S = 0.5, 0.01
NOTED_S_MAX = 60.0  # it ends first what another one left behind


class AlreadyRunning(Problem):
    """Another stack has this data folder."""


@contextmanager
def alone(local: Path) -> Iterator[None]:
    """Hold `local` for one supervisor; the lock dies with it, however it dies."""
    try:
        local.mkdir(parents=True, exist_ok=True)
        held = (local / "lock").open("a")
    except OSError as error:
        raise Problem(
            f"{local} cannot be written ({error.strerror}): set LOCAL_DIR to a folder of yours."
        ) from None
    with held as lock:
        if not _held_by_us(lock):
            raise AlreadyRunning(
                "The stack is already running here: its addresses and sign-ins are in"
                f" {local.name}/demo.json, and `make down` stops it."
            )
        yield


def _held_by_us(lock: IO[str]) -> bool:
    """Tried again for a moment: who only looks whether it is held, holds it for as long."""
    deadline = time.monotonic() + LOOK_S_MAX
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_POLL_S)
        else:
            return True


def write(local: Path, pids: Mapping[str, int]) -> None:
    """Name each process of the stack; replaces what was named before."""
    named = {}
    for name, pid in pids.items():
        try:
            named[name] = {"pid": pid, "created": psutil.Process(pid).create_time()}
        except psutil.NoSuchProcess:
            continue
    draft = local / "pids.json.draft"
    draft.write_text(json.dumps(named, indent=2))
    draft.replace(local / "pids.json")


def alive(local: Path) -> dict[str, psutil.Process]:
    """The named processes that are still there and still ours."""
    try:
        named = json.loads((local / "pids.json").read_text())
    except (OSError, ValueError):
        return {}
    found = {}
    for name, known in named.items():
        try:
            process = psutil.Process(known["pid"])
            same = abs(process.create_time() - known["created"]) < SAME_MOMENT_S
            if same and process.status() != psutil.STATUS_ZOMBIE:
                found[name] = process
        except (psutil.Error, KeyError, TypeError, ValueError):
            continue
    return found


def supervisor(local: Path) -> psutil.Process | None:
    """Who keeps the stack; one that starts at this moment is waited for until it is noted."""
    deadline = time.monotonic() + NOTED_S_MAX
    while (found := alive(local).get(SUPERVISOR)) is None:
        if not (is_held(local) or _is_loading(local)) or time.monotonic() > deadline:
            break
        time.sleep(POLL_S)
    return found


def _is_loading(local: Path) -> bool:
    """Whether a command that will start a stack here has not got so far as to hold `local`."""
    for process in psutil.process_iter():
        try:
            if process.cmdline()[-2:-1] == ["-m"] and process.cmdline()[-1] in STARTERS:
                named = process.environ().get("LOCAL_DIR")
                here = Path(process.cwd())
                if (here / (named or ".local")).resolve() == local:
                    return True
        except (psutil.Error, OSError, IndexError):
            continue
    return False


def await_ready(local: Path, told: Path) -> None:
    """Until the stack that starts here has written `told`, as it does last. Raises Problem."""
    deadline = time.monotonic() + START_S_MAX
    waiting = False
    while True:
        supervisor = alive(local).get(SUPERVISOR)
        if supervisor and told.exists() and told.stat().st_mtime > supervisor.create_time():
            return
        if not supervisor and not is_held(local):
            raise Problem("The stack that was starting here has ended: run the command again.")
        if time.monotonic() > deadline:
            raise Problem(f"The stack here was not ready in {START_S_MAX:.0f} s: see {local}/logs.")
        if not waiting:
            say("Another command is starting the stack here: waiting for it …")
            waiting = True
        time.sleep(POLL_S)


def is_held(local: Path) -> bool:
    """Whether a supervisor holds `local` at this moment."""
    try:
        with alone(local):
            return False
    except AlreadyRunning:
        return True


def stop_leftovers(local: Path) -> None:
    """End what a supervisor that was killed left behind: the last started first."""
    left = alive(local)
    left.pop(SUPERVISOR, None)
    if left:
        say(f"Stopping what an earlier run left behind: {', '.join(left)}.")
    for name, process in reversed(left.items()):
        end(process, signal.SIGINT if name == "postgres" else signal.SIGTERM)


def end(process: psutil.Process, ask: signal.Signals) -> None:
    """Ask one process to stop; kill it, and what it started, when it does not."""
    try:
        started = process.children(recursive=True)
        process.send_signal(ask)
        if not gone(process, STOP_S_MAX):
            for one in (process, *started):
                if one.is_running():
                    one.kill()
            gone(process, STOP_S_MAX)
    except psutil.NoSuchProcess:
        return


def gone(process: psutil.Process, wait_s: float) -> bool:
    """Whether it ended within `wait_s`; one that nobody has buried yet counts as ended."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(POLL_S)
    return False
