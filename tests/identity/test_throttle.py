"""How long somebody who guesses must wait: pure decisions."""

from datetime import timedelta

import pytest
from identity.passwords import one_time, weaknesses
from identity.throttle import RULES, Rule, count, forgive, subjects, wait_s

from tests.builders import NOW

KEY = b"k" * 32
RULE = Rule(free=2, wait_s_max=8)
SECOND = timedelta(seconds=1)


def after(tries: int, rule: Rule = RULE):
    known = None
    for _ in range(tries):
        known = count(rule, known, NOW)
    return known


def test_each_wrong_try_doubles_the_wait_up_to_its_bound():
    assert [wait_s(after(tries), NOW) for tries in range(8)] == [0, 0, 0, 1, 2, 4, 8, 8]


def test_nobody_waits_longer_than_a_quarter_of_an_hour_and_an_owner_a_minute():
    longest = {name: wait_s(after(500, rule), NOW) for name, rule in RULES.items()}
    assert longest == {"account at address": 900, "account": 60, "address": 900}


def test_after_the_wait_the_next_try_is_let_in():
    assert wait_s(after(5), NOW + 3 * SECOND) == 1
    assert wait_s(after(5), NOW + 4 * SECOND) == 0


def test_an_hour_without_a_wrong_try_is_a_new_start():
    later = NOW + timedelta(hours=1, seconds=1)
    assert count(RULE, after(7), later).count == 1


def test_a_right_try_of_an_address_is_taken_back_alone():
    known = forgive(RULE, after(4))
    assert known.count == 3
    assert wait_s(known, NOW) > 0
    assert wait_s(forgive(RULE, after(3)), NOW) == 0


def test_a_login_is_counted_in_any_case_and_kept_as_a_digest():
    one, two = (subjects(KEY, login, "10.0.0.1") for login in ("Anna", "ANNA"))
    assert one == two
    assert one != subjects(b"x" * 32, "anna", "10.0.0.1")
    assert all(len(name) == 16 and b"anna" not in name for name in one.values())


def test_addresses_of_one_ipv6_network_count_as_one():
    one, two, other = (
        subjects(KEY, "anna", address)["address"]
        for address in ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1")
    )
    assert one == two != other
    assert subjects(KEY, "anna", "no address")["address"]


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
