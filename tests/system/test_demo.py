"""What `make demo` shows is true, and it is all there after everything died at one moment."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from certificates.numbers import is_well_typed

from tests.system.conftest import PARENT, System
from tests.waiting import eventually
from tools.stack import apart, journey, paper, running
from tools.stack.follow import Press
from tools.stack.settings import ROOT


@dataclass(frozen=True)
class Demo:
    """A demo that has ended, and where: a folder and ports of its own."""

    folder: Path
    environment: Mapping[str, str]
    ended: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with apart.a_folder("demo-") as folder:
        told = apart.environment(folder)
        ended = subprocess.run(
            [sys.executable, "-m", "tools.stack.demo"],
            env=told | {"ONCE": "1"}, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        yield Demo(folder, told, ended)
        running.stop_leftovers(folder)


def test_the_demo_ends_well_and_what_it_prints_is_so(demo):
    """A number with a right check digit, an active certificate, a PDF that is there."""
    assert demo.ended.returncode == 0, demo.ended.stdout + demo.ended.stderr
    shown = dict(re.findall(r"^ +(number|status|PDF) +(\S+)$", demo.ended.stdout, re.MULTILINE))
    assert is_well_typed(shown["number"])
    assert shown["status"] == "active"
    pdf = ROOT / shown["PDF"]
    assert pdf.is_file()
    paper.check(pdf, shown["number"])


async def test_make_up_after_kill_9_of_everything_serves_all_that_was_there(demo):
    """A certificate was activated a moment before: the sign-ins, it and its PDF are the same."""
    with apart.up(demo.folder, demo.environment) as stack:
        if System(stack).forgets:
            pytest.skip("the in-memory broker keeps nothing")
        shown = await journey.run(stack.demo, Press(), demo.folder)
        for pid in stack.pids().values():
            os.kill(pid, signal.SIGKILL)
    with apart.up(demo.folder, demo.environment) as again:
        system = System(again)
        assert again.demo["users"] == stack.demo["users"]
        parent, staff = await system.sign_in(PARENT), await system.sign_in("authorized")
        found = await system.get("certificates", f"/certificates?number={shown.number}", staff)
        (card,) = found.json()["items"]
        assert (card["child"]["id"], card["status"]) == (shown.child, "active")
        path = f"/certificates/{card['id']}/credentials.pdf"
        pdf = await system.get("documents", path, parent)
        assert pdf.content == shown.pdf.read_bytes()

        async def nothing_is_missing():
            return not await system.gaps()

        await eventually(nothing_is_missing)
