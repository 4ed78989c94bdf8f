"""A short selection of the fault matrix with fixed seeds; `make faults` plays all of it."""

import gc

import pytest

from faults import scenarios
from faults.scenario import SCENARIOS, run

pytestmark = [
    pytest.mark.apache,
    # A connection that was cut leaves its socket to the collector: asyncpg's and aiokafka's.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(autouse=True)
def collected():
    """What is left to the collector is collected while it is expected."""
    yield
    gc.collect()


@pytest.mark.parametrize(
    ("name", "only", "seed"),
    [
        ("kill-at-failpoints", "consumer-after-commit", 1),
        ("kill-at-failpoints", "relay-after-send", 2),
        ("commit-answer-lost", "", 3),
    ],
    ids=["consumer-after-commit", "relay-after-send", "commit-answer-lost"],
)
async def test_every_invariant_holds_whatever_is_harmed(name, only, seed):
    assert scenarios.kills
    outcome = await run(SCENARIOS[name], seed, only=only)
    assert outcome.violations == ()
    assert outcome.harms > 0
    assert outcome.asked > 100
