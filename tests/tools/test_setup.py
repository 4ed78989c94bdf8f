"""What keeps the set-up from being done is one sentence and exit code 2."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools.stack.ports import free_port
from tools.stack.settings import ROOT

SCRIPT = ROOT / "tools" / "setup.sh"


def set_up(
    folder: Path, python: str = sys.executable, changes: Mapping[str, str] | None = None
) -> list[str]:
    """What is written to stderr by a set-up in `folder` that is refused, a line each."""
    ended = subprocess.run(
        ["bash", str(SCRIPT), python, ".venv/bin", ".venv/.ready"],
        env={k: v for k, v in os.environ.items() if not k.startswith("PIP_")} | dict(changes or {}),
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    return ended.stderr.strip().splitlines()


def test_an_index_out_of_reach_is_told_and_nothing_counts_as_set_up(tmp_path):
    nowhere = f"http://127.0.0.1:{free_port()}/simple"
    shutil.copy(ROOT / "requirements-dev.txt", tmp_path)
    away = {"PIP_INDEX_URL": nowhere, "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    said = set_up(tmp_path, changes=away)
    assert said[-1].startswith("The packages could not be fetched (see above). The first set-up")
    assert "run make again" in said[-1]
    assert not (tmp_path / ".venv" / ".ready").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_disk_without_space_is_told_before_anything_is_made():
    """No byte is ever free in /proc."""
    assert set_up(Path("/proc")) == [
        "Only 0 MiB are free on this disk, and 1024 are needed. Free some space and run make again."
    ]


@pytest.mark.parametrize(
    ("python", "words"),
    [
        ("", "Python 3.11 or newer is needed and was not found. Install it, or name it: make"),
        ("/nowhere/python", "/nowhere/python is not a Python of version 3.11 or newer"),
        (shutil.which("false"), "is not a Python of version 3.11 or newer that runs here. Name"),
    ],
    ids=["none", "not there", "no Python"],
)
def test_a_python_that_will_not_do_is_told_with_the_way_to_name_another(tmp_path, python, words):
    (said,) = set_up(tmp_path, python)
    assert words in said
    assert "make PYTHON=/path/to/python3.11 setup" in said
    assert list(tmp_path.iterdir()) == []
