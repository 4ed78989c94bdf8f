"""Guessing is slowed down, and nothing tells whether a login exists."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from chassis import clock
from chassis.retention import tidy
from identity import api, retention
from identity.admin import add_client, set_passwords
from identity.hashing import AT_ONCE_MAX, Busy, Hashing
from identity.settings import Settings
from identity.throttle import RULES
from identity.turns import Turns

from tests.builders import a_record
from tests.doors import a_client, problem
from tests.identity.sgo import a_parent
from tests.waiting import eventually

RIGHT = "right-password"
FREE = RULES["account at address"].free


@pytest.fixture
async def http(door, http, time):
    await door.consume([a_record(a_parent(login="anna"))])
    await set_passwords(door.store, [f"anna {RIGHT}"])
    return http


def from_address(http, address: str) -> None:
    http._transport.client = (address, 1)


async def attempt(http, login="anna", password="wrong-one"):
    return await http.post("/token", data={"username": login, "password": password})


@pytest.mark.parametrize("login", ["anna", "nobody"])
async def test_after_too_many_wrong_tries_one_must_wait_whether_the_login_exists_or_not(
    http, login
):
    for _ in range(FREE + 1):
        problem(await attempt(http, login), 401, "wrong_login_or_password")
    answer = await attempt(http, login)
    problem(answer, 429, "too_many_tries")
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["cache-control"] == "no-store"


async def test_the_right_password_too_must_wait_and_is_let_in_after_it(http, time):
    for _ in range(FREE + 2):
        await attempt(http)
    problem(await attempt(http, password=RIGHT), 429, "too_many_tries")
    time.passes(1)
    assert (await attempt(http, password=RIGHT)).status_code == 200


async def test_a_right_password_starts_the_count_anew(http):
    for _ in range(3):
        for _ in range(FREE - 1):
            await attempt(http)
        assert (await attempt(http, password=RIGHT)).status_code == 200


async def test_guesses_at_once_are_counted_like_guesses_in_a_row(http):
    answers = await asyncio.gather(*(attempt(http) for _ in range(FREE * 4)))
    assert sum(answer.status_code == 401 for answer in answers) == FREE + 1


async def test_right_ones_at_once_are_all_let_in(door, http):
    answers = await asyncio.gather(*(attempt(http, password=RIGHT) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert await door.store.pool.fetchval("SELECT count(*) FROM sign_in_tries") == 0


async def test_a_program_that_signs_in_often_at_once_is_let_in(door, http):
    secret = await add_client(door.store, "pfdo", "АИС ПФДО", ["portal-accounts:read"])
    form = {"grant_type": "client_credentials", "client_id": "pfdo", "client_secret": secret}
    answers = await asyncio.gather(*(http.post("/token", data=form) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}


async def test_guesses_at_several_processes_are_counted_together(door, http, settings_for):
    other = api.Doors(ZoneInfo("Europe/Moscow"), door.key, Hashing())
    async with a_client(door.store, settings_for(Settings), api.router, other) as second:
        answers = await asyncio.gather(
            *(attempt(at) for _ in range(FREE * 2) for at in (http, second))
        )
    assert sum(answer.status_code == 401 for answer in answers) == FREE + 1
    assert sum(answer.status_code == 429 for answer in answers) == FREE * 3 - 1


async def test_who_waits_for_another_process_is_let_in_when_that_has_an_outcome(door, http):
    await attempt(http)
    in_flight = "UPDATE sign_in_tries SET in_flight = $1"
    await door.store.pool.execute(in_flight, 500)
    waiting = asyncio.create_task(attempt(http, password=RIGHT))
    await asyncio.wait({waiting}, timeout=0.3)
    assert not waiting.done()
    await door.store.pool.execute(in_flight, 0)
    assert (await waiting).status_code == 200


async def test_where_too_many_wait_for_others_one_is_told_to_come_back(http, doors):
    doors.turns = Turns(waiting_max=0)
    problem(await attempt(http, password=RIGHT), 503, "too_busy")


async def test_an_owner_elsewhere_is_not_locked_out_by_a_strangers_few_guesses(http):
    from_address(http, "10.0.0.1")
    for _ in range(FREE + 2):
        await attempt(http)
    from_address(http, "10.0.0.2")
    assert (await attempt(http, password=RIGHT)).status_code == 200


async def test_one_account_guessed_from_many_addresses_is_slowed_down_for_a_minute_at_most(http):
    statuses = []
    for place in range(RULES["account"].free + 2):
        from_address(http, f"10.0.1.{place}")
        statuses.append((await attempt(http)).status_code)
    assert statuses[-2:] == [401, 429]


async def test_one_address_that_guesses_many_accounts_is_slowed_down(door, http):
    """Counted by hand up to the bound: a hundred argon2 hashes would prove nothing more."""
    await attempt(http, "somebody")
    await door.store.pool.execute("UPDATE sign_in_tries SET tries = $1", RULES["address"].free)
    problem(await attempt(http, "other"), 401, "wrong_login_or_password")
    problem(await attempt(http, "third"), 429, "too_many_tries")


async def test_signing_in_with_ones_own_account_washes_nothing_off_the_address(door, http, time):
    """Who guesses at others' accounts from there waits in spite of it, and no longer for it."""
    await attempt(http, "somebody")
    await door.store.pool.execute("UPDATE sign_in_tries SET tries = $1", RULES["address"].free)
    await attempt(http, "other")
    time.passes(1)
    assert (await attempt(http, password=RIGHT)).status_code == 200
    problem(await attempt(http, "third"), 401, "wrong_login_or_password")
    answer = await attempt(http, "fourth")
    problem(answer, 429, "too_many_tries")
    assert answer.headers["retry-after"] == "2"


async def test_neither_logins_nor_addresses_are_kept(door, http):
    await attempt(http)
    rows = await door.store.pool.fetch("SELECT t::text AS line FROM sign_in_tries AS t")
    assert len(rows) == 3
    assert not any("anna" in row["line"] or "127.0.0.1" in row["line"] for row in rows)


async def test_what_was_counted_is_forgotten_after_a_day(door, http):
    await attempt(http)
    await tidy(door.store.pool, retention.RULES, clock.now())
    assert await door.store.pool.fetchval("SELECT count(*) FROM sign_in_tries") == 3
    await tidy(door.store.pool, retention.RULES, clock.now() + timedelta(days=1, minutes=1))
    assert await door.store.pool.fetchval("SELECT count(*) FROM sign_in_tries") == 0


async def test_no_more_wait_for_a_check_than_may(doors):
    hashing = Hashing(waiting_max=3)
    for _ in range(AT_ONCE_MAX):
        await hashing.turn.acquire()
    hashing._dummy = "nothing"
    waiting = [asyncio.create_task(hashing.matches(None, "x")) for _ in range(3)]
    await eventually(lambda: hashing.waiting == 3)
    with pytest.raises(Busy):
        await hashing.matches(None, "x")
    for _ in range(AT_ONCE_MAX):
        hashing.turn.release()
    assert await asyncio.gather(*waiting) == [False] * 3
    assert hashing.waiting == 0


async def test_where_too_many_wait_one_is_told_to_come_back_and_nothing_is_counted(
    door, http, doors
):
    doors.hashing = Hashing(waiting_max=0)
    answer = await attempt(http, password=RIGHT)
    problem(answer, 503, "too_busy")
    assert answer.headers["retry-after"] == "5"
    assert await door.store.pool.fetchval("SELECT count(*) FROM sign_in_tries") == 0
