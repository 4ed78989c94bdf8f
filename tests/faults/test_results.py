"""What docs/reliability.md says was played: every scenario, to its end, without a violation."""

import pytest

from faults import report, scenarios
from faults.scenario import SCENARIOS

assert scenarios.kills
ROWS = report.known(report.PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_was_played_to_its_end_and_every_invariant_held(name):
    row = ROWS[name]
    assert "broke off" not in row
    assert "not run" not in row
    assert row.endswith("| 0 |")


def test_no_row_is_of_a_scenario_that_is_gone():
    assert set(ROWS) <= set(SCENARIOS)
