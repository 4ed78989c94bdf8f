"""How long somebody who guesses must wait: pure decisions."""

from datetime import timedelta

import pytest
from identity.passwords import one_time, weaknesses
from identity.throttle import (
    RULES,
    Rule,
    let_in,
    start_anew,
    subjects,
    taken_back,
    wait_s,
    wrong,
)  # fmt: skip

from tests.builders import NOW

KEY = b"k" * 32
RULE = Rule(free=2, wait_s_max=8)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def after(tries: int, rule: Rule = RULE):
    known = None
    for _ in range(tries):
        known = wrong(rule, let_in(rule, known, NOW), NOW)
    return known


def test_each_wrong_try_doubles_the_wait_up_to_its_bound():
    assert [wait_s(after(tries), NOW) for tries in range(8)] == [0, 0, 0, 1, 2, 4, 8, 8]


def test_nobody_waits_longer_than_a_quarter_of_an_hour_and_an_owner_a_minute():
    longest = {name: wait_s(after(500, rule), NOW) for name, rule in RULES.items()}
    assert longest == {"account at address": 900, "account": 60, "address": 900}


def test_after_the_wait_the_next_try_is_let_in():
    assert wait_s(after(5), NOW + 3 * SECOND) == 1
    assert wait_s(after(5), NOW + 4 * SECOND) == 0


def test_as_many_as_are_free_leak_away_in_an_hour():
    left = [let_in(RULE, after(3), NOW + n * timedelta(minutes=15)).count for n in range(8)]
    assert left == [3, 2.5, 2, 1.5, 1, 0.5, 0, 0]


@pytest.mark.parametrize("name", RULES)
def test_a_right_one_neither_renews_nor_washes_away_what_is_counted_of_its_neighbours(name):
    """In half an hour half of what is free leaks away, with right ones each second and without."""
    rule, known = RULES[name], after(RULES[name].free, RULES[name])
    for second in range(1800):
        known = taken_back(let_in(rule, known, NOW + second * SECOND))
    at = NOW + 1800 * SECOND
    assert let_in(rule, known, at).count == pytest.approx(rule.free / 2)
    assert let_in(rule, after(rule.free, rule), at).count == pytest.approx(rule.free / 2)


def test_a_school_of_which_one_in_twelve_mistypes_is_never_shut():
    """A thousand an hour, eight hours a day, for a week, from one address."""
    rule, known = RULES["address"], None
    for hour in range(7 * 24):
        for n in range(1000 if hour % 24 < 8 else 0):
            at = NOW + timedelta(hours=hour, seconds=3.6 * n)
            assert wait_s(known, at) == 0
            known = let_in(rule, known, at)
            assert known
            known = wrong(rule, known, at) if n % 12 == 0 else taken_back(known)


A_DAY_MAX = {"account at address": 140, "account": 1500, "address": 2520}  # ADR 11 says them


def guesses_in_a_day(rule: Rule, rest=timedelta(0), burst: int = 1):
    """How many, and what is counted then, of who rests as long after each burst."""
    known, at, tries = None, NOW, 0
    while at < NOW + timedelta(days=1):
        known = wrong(rule, let_in(rule, known, at), at)
        tries += 1
        at += max(timedelta(seconds=wait_s(known, at)), timedelta(milliseconds=50))
        at += timedelta(0) if tries % burst else rest
    return tries, known


@pytest.mark.parametrize("name", RULES)
def test_who_guesses_as_soon_as_they_may_gets_no_more_than_so_many_tries_a_day(name):
    tries, _ = guesses_in_a_day(RULES[name])
    assert 0.9 * A_DAY_MAX[name] < tries <= A_DAY_MAX[name]


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("minutes", [0.5, 3, 12, 60, 300])
def test_who_rests_between_guesses_gets_no_more_of_them(name, minutes):
    rule, rest = RULES[name], timedelta(minutes=minutes)
    for burst in (1, rule.free, rule.free + 5):
        assert guesses_in_a_day(rule, rest, burst)[0] <= A_DAY_MAX[name]


@pytest.mark.parametrize("name", RULES)
def test_however_long_somebody_has_guessed_an_owner_may_mistype_again_soon(name):
    """A bucket is full once its wait is the longest: what is poured in then runs over."""
    rule = RULES[name]
    _, known = guesses_in_a_day(rule)
    full = after(1000, rule)
    assert known.count <= full.count
    for tries, at in ((known, known.last_at + timedelta(hours=4)), (full, NOW + 4 * HOUR)):
        assert let_in(rule, tries, at).count == 0


def test_who_was_let_in_out_of_order_adds_nothing_to_what_is_counted():
    """Each reads the clock before it takes the lock, and replicas' clocks differ."""
    known = let_in(RULE, after(2), NOW + SECOND)
    late = let_in(RULE, taken_back(known), NOW - SECOND)
    assert (late.count, late.last_at) == (known.count, known.last_at)
    assert let_in(RULE, let_in(RULE, None, NOW), NOW - SECOND).count == 0


def at_once(tries: int, known=None, at=NOW):
    """So many as are let in, one after another, before any has an outcome."""
    entered = 0
    while entered < tries and (more := let_in(RULE, known, at)):
        known, entered = more, entered + 1
    return entered, known


def test_no_more_are_looked_at_together_than_may_be_wrong_without_a_wait():
    for wrong_before, together in ((0, 3), (1, 2), (2, 1), (3, 1), (6, 1)):
        assert at_once(10, after(wrong_before))[0] == together


def test_guesses_at_once_wait_as_long_as_guesses_in_a_row():
    entered, known = at_once(10)
    for _ in range(entered):
        known = wrong(RULE, known, NOW)
    assert known == after(entered)
    assert wait_s(known, NOW) == 1


def test_the_next_is_let_in_when_one_was_right():
    _, known = at_once(10)
    assert let_in(RULE, known, NOW) is None
    assert let_in(RULE, start_anew(known), NOW) is not None
    assert let_in(RULE, taken_back(known), NOW) is not None


def test_a_right_one_makes_nothing_of_wrong_ones_before_it_and_leaves_others_to_be_looked_at():
    _, known = at_once(2, after(1))
    assert (start_anew(known).count, start_anew(known).in_flight) == (0, 1)
    assert (taken_back(known).count, taken_back(known).in_flight) == (1, 1)


def test_what_a_killed_process_was_looking_at_keeps_nobody_out_for_long():
    _, known = at_once(10)
    assert let_in(RULE, known, NOW + 30 * SECOND) is None
    assert let_in(RULE, known, NOW + 31 * SECOND).in_flight == 1


def test_a_login_is_counted_in_any_case_and_kept_as_a_digest():
    one, two = (subjects(KEY, login, "10.0.0.1") for login in ("Anna", "ANNA"))
    assert one == two
    assert one != subjects(b"x" * 32, "anna", "10.0.0.1")
    assert all(len(name) == 16 and b"anna" not in name for name in one.values())


@pytest.mark.parametrize(
    ("password", "weak"),
    [
        ("kitten-7", []),
        ("котёнок-7", []),
        ("kitten7", ["too_short"]),
        ("aabbaabb", ["too_plain"]),
        ("84736251", ["too_plain"]),
        ("qwertyuiop", ["too_plain"]),
        ("Password123!", ["too_plain"]),
        ("my-Anna-77", ["holds_login"]),
        ("old-password-1", ["same_as_old"]),
    ],
)
def test_a_password_that_is_easy_to_guess_is_named_so(password, weak):
    assert weaknesses(password, "anna", "old-password-1") == weak


def test_a_one_time_password_is_good_enough_itself():
    made = {one_time() for _ in range(100)}
    assert len(made) == 100
    assert not any(weaknesses(password, "anna") for password in made)
    assert not set("".join(made)) & set("01loi")
