"""A pid is ours only with the moment its process was made: a stale one hurts nobody."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest

from tests.waiting import eventually
from tools.stack import running, stack
from tools.stack.postgres import drop_stale_pid
from tools.stack.problem import Problem
from tools.stack.settings import ROOT, load, variable

from .settings import a_stack


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


@pytest.mark.parametrize("name", ["postmaster.pid", ".s.PGSQL.15432.lock"])
def test_postgres_pid_file_of_somebody_else_is_dropped(tmp_path, name):
    """After a kill -9 the pid may belong to another program; PostgreSQL would not start."""
    (tmp_path / name).write_text(f"{os.getpid()}\n")
    drop_stale_pid(tmp_path)
    assert not (tmp_path / name).exists()


def test_the_pid_file_of_a_server_that_runs_stays(tmp_path):
    words = [sys.executable, "-c", "import time; time.sleep(60)", str(tmp_path)]
    with subprocess.Popen(words) as server:
        try:
            for name in ("postmaster.pid", ".s.PGSQL.15432.lock"):
                (tmp_path / name).write_text(f"{server.pid}\n")
            drop_stale_pid(tmp_path)
            assert len(list(tmp_path.iterdir())) == 2
        finally:
            server.kill()


def test_down_stops_a_stack_that_is_only_starting(tmp_path):
    settings = a_stack(tmp_path)
    ports = {variable(name): str(port) for name, port in settings.ports.items()}
    own = {"LOCAL_DIR": str(settings.local), "KAFKA": "memory"}
    with subprocess.Popen(
        [sys.executable, "-m", "tools.stack.up"], env=dict(load().environment) | ports | own,
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    ) as up:  # fmt: skip
        ended = run_down(settings.local)
        assert (ended.returncode, ended.stdout.strip()) == (0, "Stopped."), ended.stderr
        assert up.wait(60) in {0, -signal.SIGTERM}
    assert running.alive(settings.local) == {}


def test_who_only_looks_keeps_no_stack_from_starting(tmp_path):
    """As `make down` does while `make up` starts."""
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            running.is_held(tmp_path)

    with running.alone(tmp_path):
        looking = threading.Thread(target=look)
        looking.start()
    try:
        for _ in range(200):
            with running.alone(tmp_path):
                pass
    finally:
        over.set()
        looking.join()


async def test_a_demo_waits_for_a_stack_that_is_starting_however_old_its_papers_are(
    tmp_path, sleeper, capsys
):
    papers = tmp_path / "demo.json"
    papers.touch()
    os.utime(papers, (0, 0))
    running.write(tmp_path, {running.SUPERVISOR: sleeper.pid})
    waiting = asyncio.create_task(asyncio.to_thread(running.await_ready, tmp_path, papers))
    await eventually(lambda: "waiting for it" in capsys.readouterr().out)
    papers.write_text("new")
    await asyncio.wait_for(waiting, 20)


def test_a_stack_that_ended_while_starting_is_one_sentence(tmp_path):
    papers = tmp_path / "demo.json"
    papers.touch()
    with pytest.raises(Problem, match="has ended: run the command again"):
        running.await_ready(tmp_path, papers)


def test_databases_beside_a_broker_that_forgets_begin_anew(tmp_path):
    settings = a_stack(tmp_path)
    beside = stack._databases_folder(settings, memory=True)
    beside.mkdir(parents=True)
    (beside / "row").touch()
    kept = stack._databases_folder(settings, memory=False)
    assert kept not in (beside, *beside.parents)
    assert stack._databases_folder(settings, memory=True) == beside
    assert not (beside / "row").exists()
