"""A whole stack apart from the user's: on free ports, in a folder that is thrown away."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.stack.ports import free_port
from tools.stack.problem import Problem
from tools.stack.program import POLL_S
from tools.stack.settings import DEFAULT_PORTS, ROOT, load, variable

START_S_MAX = 180.0
STOP_S_MAX = 90.0
READY = b"Ctrl-C"


@dataclass(frozen=True)
class Stack:
    """`demo` is what demo.json says: urls, kafka, databases, users."""

    folder: Path
    demo: Mapping[str, Any]

    @property
    def said(self) -> str:
        """What the command that started it has printed."""
        return (self.folder / "up.log").read_text(errors="replace")

    def pids(self) -> dict[str, int]:
        """The process of each part, as it is now."""
        known = json.loads((self.folder / "pids.json").read_text())
        return {name: part["pid"] for name, part in known.items()}


@contextmanager
def a_stack(prefix: str, **variables: str) -> Iterator[Stack]:
    """One that nobody has used before. Raises Problem with what it said."""
    with a_folder(prefix) as folder, up(folder, environment(folder, **variables)) as stack:
        yield stack


@contextmanager
def a_folder(prefix: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        yield Path(name)


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """The user's, but with free ports and this folder; the same one serves for another start."""
    ports = {variable(part): str(free_port()) for part in DEFAULT_PORTS}
    return {**load().environment, **ports, "LOCAL_DIR": str(folder), **variables}


@contextmanager
def up(folder: Path, env: Mapping[str, str]) -> Iterator[Stack]:
    """Started by `tools.stack.up`, stopped at the end. Raises Problem with what it said."""
    said = folder / "up.log"
    with said.open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "tools.stack.up"], env=env, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        _await_ready(child, said)
        yield Stack(folder, json.loads((folder / "demo.json").read_text()))
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(STOP_S_MAX)


def _await_ready(child: "subprocess.Popen[bytes]", said: Path) -> None:
    deadline = time.monotonic() + START_S_MAX
    while READY not in said.read_bytes():
        if child.poll() is not None or time.monotonic() > deadline:
            raise Problem(f"The stack did not start:\n{said.read_text(errors='replace')}")
        time.sleep(POLL_S)
