"""A disk that is full stops nothing that runs, and is tried again."""

import asyncio
import errno
import signal
import sys
from pathlib import Path

import pytest

from tests.waiting import eventually
from tools.stack.program import Program
from tools.stack.supervisor import Supervisor


class Disk:
    """The list of processes, on a disk that may be full."""

    def __init__(self) -> None:
        self.is_full = False
        self.pids: dict[str, int] = {}

    def write(self, pids) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device", "the list")
        self.pids = dict(pids)


def a_program(name: str, folder: Path, **changes) -> Program:
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    return Program(
        name=name, command=command, log=folder / f"{name}.log", environment={}, **changes
    )


@pytest.fixture
async def kept(tmp_path):
    """Two programs that are kept running, and the disk."""
    disk = Disk()
    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks, disk.write)
        await supervisor.start(0, a_program("one", tmp_path), a_program("other", tmp_path))
        yield supervisor, disk
        supervisor.leave()
        await supervisor.stop()


async def test_what_was_started_again_on_a_full_disk_runs_and_is_noted_later(kept, capsys):
    supervisor, disk = kept
    one, other = supervisor._stages[0]
    before, disk.is_full = dict(disk.pids), True
    one.process.send_signal(signal.SIGKILL)
    await eventually(lambda: one.process.returncode is None and one.process.pid != before["one"])
    await eventually(lambda: "The disk is full while writing" in capsys.readouterr().out)
    assert (disk.pids, other.process.returncode) == (before, None)
    disk.is_full = False
    await eventually(lambda: disk.pids["one"] == one.process.pid)


async def test_a_start_that_a_full_disk_refuses_is_tried_again(tmp_path, capsys):
    disk, full = Disk(), [False, True, False]

    def needs_room() -> None:
        if full.pop(0):
            raise OSError(errno.ENOSPC, "No space left on device", "its log")

    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks, disk.write)
        await supervisor.start(0, a_program("one", tmp_path, before_start=needs_room))
        (one,) = supervisor._stages[0]
        one.process.send_signal(signal.SIGKILL)

        def is_back() -> bool:
            return full == [] and one.process.returncode is None

        await eventually(is_back)
        supervisor.leave()
        await supervisor.stop()
    assert "The disk is full while writing its log" in capsys.readouterr().out
