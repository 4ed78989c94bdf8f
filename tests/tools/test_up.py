"""What keeps `make up` from starting is one sentence and exit code 2, and nothing stays behind."""

import errno
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools.stack import running
from tools.stack.problem import told
from tools.stack.settings import DEFAULT_PORTS, ROOT, load, variable

from .settings import a_stack


def run_up(folder: Path, changes: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`make up` on data of its own and free ports, but for `changes`."""
    settings = a_stack(folder)
    ports = {variable(name): str(settings.ports[name]) for name in DEFAULT_PORTS}
    own = {"LOCAL_DIR": str(settings.local), "KAFKA": "memory"}
    return subprocess.run(
        [sys.executable, "-m", "tools.stack.up"],
        env=dict(load().environment) | ports | own | dict(changes),
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def expect_one_sentence(ended: subprocess.CompletedProcess[str], folder: Path, *words: str) -> None:
    assert ended.returncode == 2, ended.stderr
    said = ended.stderr.strip()
    assert "\n" not in said
    assert all(word in said for word in words), said
    assert running.alive(folder / "local") == {}


@pytest.mark.parametrize("name", DEFAULT_PORTS)
def test_a_port_in_use_is_named_with_the_variable_that_changes_it(tmp_path, name):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run_up(tmp_path, {variable(name): port, "KAFKA": "apache"})
    expect_one_sentence(ended, tmp_path, f"Port {port} is in use", f"set {variable(name)} to")
    assert "kafka_controller" not in ended.stderr, "a word of ours, and none of a user's"


def test_one_port_for_two_is_told(tmp_path):
    ended = run_up(tmp_path, {"IDENTITY_PORT": "18101", "DOCUMENTS_PORT": "18101"})
    expect_one_sentence(ended, tmp_path, "18101", "both identity and documents")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("KAFKA", "rabbit"),
        ("KAFKA", "127.0.0.1:99999"),
        ("KAFKA", "127.0.0.1:9092,rabbit"),
        ("IDENTITY_PORT", "http"),
        ("KAFKA_PORT", "70000"),
        ("ONCE", "maybe"),
        ("KAFKA_FAST_START", "x"),
    ],
)
def test_a_setting_that_cannot_be_is_told(tmp_path, name, text):
    expect_one_sentence(run_up(tmp_path, {name: text}), tmp_path, name, text)


def test_a_kafka_that_does_not_answer_is_told(tmp_path):
    port = a_stack(tmp_path).ports["kafka"]
    ended = run_up(tmp_path, {"KAFKA": f"127.0.0.1:{port}"})
    expect_one_sentence(ended, tmp_path, f"No Kafka answers at 127.0.0.1:{port}")


@pytest.mark.parametrize("kafka", ["apache", ""])
def test_a_folder_of_jars_that_is_not_there_is_told_and_not_made(tmp_path, kafka):
    """Also where the in-memory broker would stand in for jars that cannot be had."""
    named = tmp_path / "slip of the pen"
    ended = run_up(tmp_path, {"KAFKA_JARS": str(named), "KAFKA": kafka})
    expect_one_sentence(ended, tmp_path, f"KAFKA_JARS is {named}, and there is no such folder")
    assert not named.exists()


def test_another_stack_on_the_same_data_is_told(tmp_path):
    with running.alone(tmp_path / "local"):
        ended = run_up(tmp_path, {})
    expect_one_sentence(ended, tmp_path, "already running", "make down")


def test_a_full_disk_is_told_instead_of_a_traceback(capsys):
    def write() -> int:
        raise OSError(errno.ENOSPC, "No space left on device", "journal")

    assert told(write) == 2
    assert capsys.readouterr().err.strip().startswith("The disk is full while writing journal.")
