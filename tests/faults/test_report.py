"""The table of docs/reliability.md while scenarios are played one after the other."""

from dataclasses import replace

import pytest

from faults import passing, report, scenarios
from faults.__main__ import _wanted
from faults.checker import Violation
from faults.scenario import SCENARIOS, Outcome
from tools.stack.problem import Problem
from tools.stack.settings import SERVICES

assert scenarios.kills
EMPTY = f"before\n{report.BEGIN}\n{report.END}\n{report.LISTED}\n{report.LISTED_END}\nafter\n"
KILLS = Outcome("random-kills", 1, "300 kills", 300, 6.2, 1.5, 20_000, took_s=720.0)
REPLAY = Outcome("full-replay", 1, "10 groups", 3, 4.0, 1.0, 400, took_s=90.0)


def test_a_row_is_added_and_the_others_stay_in_the_order_of_the_scenarios():
    text = report.updated(report.updated(EMPTY, REPLAY), KILLS)
    assert list(report.known(text)) == ["random-kills", "full-replay"]
    assert "| 6.2 (20) | 1.5 | 12.0 | 0 |" in report.known(text)["random-kills"]
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_a_scenario_that_is_played_again_has_one_row():
    again = replace(KILLS, seed=7, violations=(Violation("I1", "lost"),))
    text = report.updated(report.updated(EMPTY, KILLS), again)
    (row,) = report.known(text).values()
    assert "| 7 |" in row
    assert row.endswith("| 1: I1 |")


def test_what_is_left_is_told_by_what_it_took_the_last_time():
    text = report.updated(report.updated(EMPTY, REPLAY), KILLS)
    assert report.left_min(text, ["random-kills", "full-replay"]) == pytest.approx(13.5)


def test_a_scenario_that_was_never_played_is_guessed():
    assert report.left_min(EMPTY, ["random-kills"]) == report.UNKNOWN_MIN


def test_what_was_broken_off_goes_on_since_a_scenario():
    every = list(SCENARIOS)
    assert _wanted([], every[3]) == every[3:]
    assert _wanted([], None) == every
    assert _wanted(["random-kills", "full-replay"], None) == ["random-kills", "full-replay"]


@pytest.mark.parametrize(("names", "since"), [(["nothing"], None), ([], "nothing")])
def test_a_scenario_that_is_none_is_told(names, since):
    with pytest.raises(Problem, match="nothing"):
        _wanted(names, since)


def test_every_service_dies_at_each_boundary_that_it_has():
    pairs = passing.pairs()
    assert len(pairs) == len(set(pairs))
    assert {service for service, name in pairs if name == "door-after-commit"} == set(SERVICES)
    assert {service for service, name in pairs if name.startswith("import")} == {
        "identity", "certificates",
    }  # fmt: skip
    assert [pair for pair in pairs if pair[1].startswith("calendar")] == [
        ("certificates", "calendar-before-commit"), ("certificates", "calendar-after-commit"),
    ]  # fmt: skip
    assert passing.pairs("retry-before-commit") == [("documents", "retry-before-commit")]
