"""A failpoint kills its own process, where it is asked for at the start, and nowhere else."""

import re
import signal
import subprocess
import sys

import pytest
from chassis import failpoint
from chassis.settings import EXIT_BAD_SETTINGS, load

from tests.chassis.bench import Settings
from tests.chassis.test_settings import COMPLETE
from tests.conftest import ROOT

PASSES = """
from chassis import failpoint
failpoint.arm({armed!r})
for n in range(1, 4):
    print(n, flush=True)
    failpoint.passing("relay", "after-send")
    failpoint.passing("relay", "before-send")
"""


def passed(armed: str | None) -> tuple[int, list[str]]:
    """The exit code, and what was printed at each passing that came."""
    done = subprocess.run(
        [sys.executable, "-c", PASSES.format(armed=armed)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, done.stdout.split()


def test_a_process_without_one_passes_every_boundary():
    assert passed(None) == (0, ["1", "2", "3"])


@pytest.mark.parametrize(
    ("armed", "printed"), [("relay-after-send", ["1"]), ("relay-after-send:3", ["1", "2", "3"])]
)
def test_an_armed_one_dies_of_signal_9_at_the_passing_that_was_meant(armed, printed):
    assert passed(armed) == (-signal.SIGKILL, printed)


@pytest.mark.parametrize("wrong", ["relay", "relay-after-send:0", "relay-after-send:x", "x:1"])
def test_a_name_that_there_is_not_is_refused_at_the_start_with_the_names_there_are(
    monkeypatch, capsys, wrong
):
    for name, value in {**COMPLETE, "FAILPOINT": wrong}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as left:
        load(Settings)
    said = capsys.readouterr().err
    assert left.value.code == EXIT_BAD_SETTINGS
    assert said.startswith("Setting FAILPOINT is wrong")
    assert all(name in said for name in failpoint.NAMES)


def sources() -> str:
    folders = (ROOT / "libs", ROOT / "services")
    return "\n".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))


def test_each_name_has_its_places_and_each_place_its_name():
    code = sources()
    placed = {f"{where}-{at}" for where, at in re.findall(r'passing\("(\w+)", "([\w-]+)"\)', code)}
    for at in ("door", *re.findall(r'\.transaction\("(\w+)"\)', code)):
        placed |= {f"{at}-before-commit", f"{at}-after-commit"}
    assert placed == set(failpoint.NAMES)


def test_only_the_start_of_a_process_arms_one():
    assert re.findall(r"failpoint\.arm\(.*\)", sources()) == ["failpoint.arm(settings.failpoint)"]
