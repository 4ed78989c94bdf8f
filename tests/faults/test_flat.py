"""What grows is called growing, whatever kind it is; what rises and falls in turns is not."""

import pytest

from faults.soak.flat import KINDS, judge, judge_all

HOUR_S, EVERY_S = 3600, 5
SPIKY = [name for name, kind in KINDS.items() if kind.spikes]
CALM = [name for name, kind in KINDS.items() if not kind.spikes]


def series(value):
    return [(float(at), float(value(at))) for at in range(0, HOUR_S + 1, EVERY_S)]


def of_turns(at):
    """Fills up for ten minutes and is tidied."""
    return 900_000 + at % 600 / 600 * 900_000


@pytest.mark.parametrize("name", KINDS)
def test_what_grows_from_nothing_is_not_flat(name):
    kind = KINDS[name]
    assert not judge(name, series(lambda at: at / HOUR_S * max(1, kind.little) * 20)).flat


@pytest.mark.parametrize("name", KINDS)
def test_what_stays_is_flat(name):
    assert judge(name, series(lambda _: 120)).flat


@pytest.mark.parametrize("name", KINDS)
def test_what_grew_at_the_start_only_is_flat(name):
    assert judge(name, series(lambda at: min(at, HOUR_S / 4) * 1000)).flat


def test_a_leak_of_a_mebibyte_a_minute_is_found_on_top_of_a_hundred():
    assert not judge("memory: identity", series(lambda at: 100 + at / 60)).flat


@pytest.mark.parametrize("name", CALM)
def test_what_is_tidied_in_turns_is_flat(name):
    assert judge(name, series(of_turns)).flat


@pytest.mark.parametrize("name", CALM)
def test_what_is_tidied_in_turns_and_grows_below_that_is_not(name):
    assert not judge(name, series(lambda at: of_turns(at) + at * 1000)).flat


@pytest.mark.parametrize("name", SPIKY)
def test_a_spike_of_a_kill_in_the_last_quarter_is_no_growth(name):
    assert judge(name, series(lambda at: 1_000_000 if 3000 <= at < 3060 else 0)).flat


@pytest.mark.parametrize("name", SPIKY)
def test_a_backlog_that_stays_is_growth(name):
    assert not judge(name, series(lambda at: 1_000_000 if at > 2700 else 0)).flat


def test_what_shrinks_is_flat_and_its_highest_is_told():
    judged = judge("memory: identity", series(lambda at: 200 - at / 60))
    assert (judged.flat, judged.first, judged.most) == (True, 200, 200)


def test_a_handful_of_samples_says_nothing():
    with pytest.raises(ValueError, match="too few"):
        judge("lag", [(0, 1), (5, 1), (10, 1), (15, 1)])


def test_every_measure_of_a_kind_is_judged_and_no_other():
    samples = [(at, {"memory: a": 1.0, "memory: b": at, "MB: a.inbox": at}) for at in range(40)]
    assert [(one.name, one.flat) for one in judge_all(samples)] == [
        ("memory: a", True), ("memory: b", False),
    ]  # fmt: skip
