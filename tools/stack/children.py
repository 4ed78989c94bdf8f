"""Child processes: started in a session of their own, waited for, stopped within a bound."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools.stack.problems import CannotStart

POLL_S = 0.05


def spawn(
    command: Sequence[str | Path],
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program with its output appended to `log`; a Ctrl-C at the terminal spares it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=None if env is None else dict(env),
            user=user,
            extra_groups=[] if user else None,
            start_new_session=True,
        )


def stop(child: subprocess.Popen[bytes], sign: int = signal.SIGTERM, wait_s: float = 30) -> None:
    """Ask it to end; after `wait_s` it is ended."""
    if child.poll() is not None:
        return
    child.send_signal(sign)
    try:
        child.wait(wait_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(10)


def wait_until(condition: Callable[[], bool], wait_s: float, what: str) -> None:
    """Raises CannotStart naming `what` when the condition does not come true in time."""
    deadline = time.monotonic() + wait_s
    while not condition():
        if time.monotonic() > deadline:
            raise CannotStart(f"{what} was not ready within {wait_s:.0f} s.")
        time.sleep(POLL_S)


def accepts(port: int) -> bool:
    """Whether something on loopback accepts a connection."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log, for the person who must know why."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
