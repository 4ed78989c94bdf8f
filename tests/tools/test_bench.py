"""How the benchmarks are asked; what they measure is no test."""

import subprocess
import sys

import pytest

from bench import crowd, size
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
    assert ended.stdout.startswith("usage: python -m bench [-h] [--rows N] [NAME ...]\n")
    for name in CLAIMS:
        assert f"\n  {name} " in ended.stdout
    assert "==" not in ended.stdout


def test_a_claim_that_is_none_is_told_beside_those_that_are():
    ended = run("render", "speed")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1] == (
        f"python -m bench: error: no such claim: speed; there are {', '.join(CLAIMS)}"
    )


@pytest.mark.parametrize(
    ("after", "words", "reached"),
    [((3900, 4000, 4100), "+0%", True), ((3500, 3640, 4100), "-9%", True),
     ((3500, 3500, 3500), "-12%", False)],
)  # fmt: skip
def test_a_rate_with_a_full_table_may_fall_by_a_tenth_and_no_more(after, words, reached):
    found = size.changed(10_000_000, (3900, 4000, 4100), after)
    assert found.measured.endswith(f": {words}")
    assert found.reached is reached


def test_a_big_table_that_was_read_from_end_to_end_is_named():
    before = {"certificates.people": 5_000_000, "documents.people": 70}
    after = {"certificates.people": 15_000_000, "documents.people": 90_000, "certificates.rules": 9}
    assert size.long_scans(before, after) == ["certificates.people, 10,000,000 rows"]


@pytest.mark.parametrize("n", [1, 59, 60, 1199, 1200, 14_399])
def test_a_child_of_the_crowd_has_the_name_that_it_is_looked_for_by(n):
    surname, first, father = crowd.name_of(n).split()
    assert surname == crowd.SURNAMES[n % 60]
    assert first == crowd.FIRST[n // 60 % 20]
    assert father == f"{crowd.FATHERS[n // 1200 % 12]}ович"
