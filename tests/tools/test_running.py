"""A pid is ours only with the moment its process was made: a stale one hurts nobody."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from tools.stack import running
from tools.stack.postgres import drop_stale_pid
from tools.stack.settings import ROOT, load


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Somebody's process, which ends when it is asked to."""
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as process:
        yield process
        process.kill()


def note(folder, pid: int, created: float) -> None:
    (folder / "pids.json").write_text(json.dumps({"identity": {"pid": pid, "created": created}}))


def run_down(folder) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.stack.down"],
        env=dict(load().environment) | {"LOCAL_DIR": str(folder)},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_what_was_noted_is_ours(tmp_path, sleeper):
    running.write(tmp_path, {"identity": sleeper.pid})
    assert running.alive(tmp_path)["identity"].pid == sleeper.pid


def test_a_pid_that_the_system_gave_to_somebody_else_is_left_alone(tmp_path, sleeper):
    note(tmp_path, sleeper.pid, psutil.Process(sleeper.pid).create_time() - 3600)
    assert running.alive(tmp_path) == {}
    ended = run_down(tmp_path)
    assert (ended.returncode, ended.stdout.strip()) == (0, "Nothing is running here.")
    assert sleeper.poll() is None


def test_a_pid_of_nobody_is_nothing(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    note(tmp_path, ended.pid, 0.0)
    assert running.alive(tmp_path) == {}


@pytest.mark.parametrize("text", ["", "{", '{"identity": 7}', '{"identity": {"pid": "x"}}'])
def test_a_damaged_list_of_pids_is_nothing(tmp_path, text):
    (tmp_path / "pids.json").write_text(text)
    assert running.alive(tmp_path) == {}


def test_down_ends_what_a_killed_supervisor_left_behind(tmp_path, sleeper):
    running.write(tmp_path, {"identity": sleeper.pid})
    ended = run_down(tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "identity" in ended.stdout
    assert sleeper.wait(10) == -signal.SIGTERM


def test_postgres_pid_file_of_somebody_else_is_dropped(tmp_path):
    """After a kill -9 the pid may belong to another program; PostgreSQL would not start."""
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n")
    drop_stale_pid(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()
