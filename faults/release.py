"""An earlier release of the services, taken out of git's history, to stand beside this one."""

import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools.stack.problem import Problem
from tools.stack.settings import ROOT, SERVICES

LIBRARIES: Final = ("libs/contracts", "libs/chassis")


def why_not(commit: str) -> str | None:
    """Why this commit cannot be had here; None where it can."""
    if _git("cat-file", "-e", f"{commit}^{{commit}}").returncode:
        return f"git's history does not have {commit[:7]} here: git fetch --unshallow"
    return None


def taken(commit: str, folder: Path) -> Path:
    """The libraries and services as they were, below this folder. Raises Problem."""
    made = _git("archive", "--format=tar", commit, "libs", "services")
    if made.returncode:
        raise Problem(f"git archive {commit[:7]}: {made.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def environment(release: Path) -> Mapping[str, str]:
    """Python finds the packages of this release before those that are installed."""
    folders = (*LIBRARIES, *(f"services/{name}" for name in SERVICES))
    return {"PYTHONPATH": os.pathsep.join(str(release / one) for one in folders)}


def _git(*words: str) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)  # noqa: S607
    except FileNotFoundError:
        return subprocess.CompletedProcess(words, 127, b"", b"git is not installed")
