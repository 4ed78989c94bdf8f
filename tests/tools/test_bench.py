"""How the benchmarks are asked; what they measure is no test."""

import subprocess
import sys

import pytest

from bench.__main__ import CLAIMS
from tools.stack.settings import ROOT


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_tells_the_usage_and_every_claim_and_measures_nothing(word):
    ended = run(word)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("usage: python -m bench [-h] [NAME ...]\n")
    for name in CLAIMS:
        assert f"\n  {name} " in ended.stdout
    assert "==" not in ended.stdout


def test_a_claim_that_is_none_is_told_beside_those_that_are():
    ended = run("render", "speed")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1] == (
        f"python -m bench: error: no such claim: speed; there are {', '.join(CLAIMS)}"
    )
