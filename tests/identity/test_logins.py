"""A login belongs to one user; what SGO tells of it may come in any order."""

import asyncio
from itertools import permutations

import pytest
from chassis import kept_commands, parking
from contracts import Tombstone, topics
from contracts.values import Role
from identity.admin import add_user

from tests.builders import a_record
from tests.identity.sgo import a_user


async def tell(door, *changes) -> None:
    """In one batch."""
    await door.consume([a_record(change) for change in changes])


async def try_parked(door) -> None:
    while await parking.try_due(door, 100):
        pass


async def end_patience(door) -> None:
    await door.store.pool.execute(
        "UPDATE parked SET parked_at = now() - interval '31 s', due_at = now()"
    )
    await try_parked(door)


async def logins(door) -> dict[str, str | None]:
    rows = await door.store.pool.fetch("SELECT sgo_user_id, login FROM users")
    return {row["sgo_user_id"]: row["login"] for row in rows}


async def waiting(door) -> tuple[int, int]:
    """How many are parked, how many in quarantine."""
    count = "SELECT (SELECT count(*) FROM parked), (SELECT count(*) FROM quarantine)"
    return tuple(await door.store.pool.fetchrow(count))


def a_swap():
    return a_user("1", version=2, login="igor"), a_user("2", version=2, login="anna")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("batches", [1, 2])
async def test_two_users_who_swap_their_logins_both_get_them(door, order, batches):
    await tell(door, a_user("1", login="anna"), a_user("2", login="igor"))
    first, second = (a_swap()[place] for place in order)
    if batches == 1:
        await tell(door, first, second)
    else:
        await tell(door, first)
        await tell(door, second)
        await try_parked(door)
    assert await logins(door) == {"1": "igor", "2": "anna"}
    assert await waiting(door) == (0, 0)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_three_users_pass_their_logins_on_in_any_order(door, order):
    names = ("anna", "igor", "olga")
    await tell(door, *(a_user(f"{n}", login=name) for n, name in enumerate(names)))
    for n in order:
        await tell(door, a_user(f"{n}", version=2, login=names[(n + 1) % 3]))
        await try_parked(door)
    assert await logins(door) == {"0": "igor", "1": "olga", "2": "anna"}
    assert await waiting(door) == (0, 0)


async def test_a_login_that_is_given_up_goes_to_who_waits_for_it(door):
    await tell(door, a_user("1", login="igor"))
    await tell(door, a_user("2", login="IGOR"))
    assert await logins(door) == {"1": "igor", "2": None}
    waits_for = await door.store.pool.fetchval("SELECT waits_for FROM parked")
    assert "igor" not in waits_for.lower(), "operators are shown what is waited for, and no login"
    await tell(door, a_user("1", version=2, login="igor-1"))
    await try_parked(door)
    assert await logins(door) == {"1": "igor-1", "2": "IGOR"}
    assert await waiting(door) == (0, 0)


async def test_the_login_of_an_erased_user_goes_to_who_waits_for_it(door):
    await tell(door, a_user("1", login="igor"))
    await tell(door, a_user("2", login="igor"))
    await door.consume([a_record(Tombstone("1"), topic=topics.SGO_USERS)])
    await try_parked(door)
    assert await logins(door) == {"1": None, "2": "igor"}


async def test_all_but_the_login_is_applied_at_once(door):
    """A name and an enrolment do not wait for somebody else's login."""
    await tell(door, a_user("1", login="igor"))
    await tell(door, a_user("2", login="igor", last_name="Сидоров"))
    name = "SELECT full_name FROM users WHERE sgo_user_id = '2'"
    assert await door.store.pool.fetchval(name) == "Сидоров Игорь"
    assert await door.store.pool.fetchval("SELECT count(*) FROM outbox") == 2
    await tell(door, a_user("1", version=2))
    await try_parked(door)
    assert await door.store.pool.fetchval("SELECT count(*) FROM outbox") == 3


async def test_a_login_that_nobody_gives_up_is_quarantined_and_stays_with_its_first_user(door):
    await tell(door, a_user("1", login="igor"), a_user("2", login="Igor"), a_user("3"))
    assert await waiting(door) == (1, 0)
    await end_patience(door)
    assert await waiting(door) == (0, 1)
    assert (await door.store.pool.fetchval("SELECT reason FROM quarantine")).startswith(
        "login_taken"
    )
    assert await logins(door) == {"1": "igor", "2": None, "3": None}


async def test_a_login_that_was_refused_is_given_when_its_change_is_redriven(door):
    await tell(door, a_user("1", login="igor"), a_user("2", login="igor"))
    await end_patience(door)
    await tell(door, a_user("1", version=2))
    async with door.store.pool.acquire() as tx, tx.transaction():
        (kept,) = await tx.fetch("SELECT id FROM quarantine")
        await kept_commands.redrive(tx, "quarantine", door.key, kept["id"])
    await try_parked(door)
    assert await logins(door) == {"1": None, "2": "igor"}


async def test_a_newer_change_ends_the_wait_for_a_login(door):
    await tell(door, a_user("1", login="igor"))
    await tell(door, a_user("2", login="igor"))
    await tell(door, a_user("2", version=2, login="anna"))
    await end_patience(door)
    assert await logins(door) == {"1": "igor", "2": "anna"}
    assert await waiting(door) == (0, 0)


async def test_an_erased_user_waits_for_no_login(door):
    await tell(door, a_user("1", login="igor"))
    await tell(door, a_user("2", login="igor"))
    await door.consume([a_record(Tombstone("2"), topic=topics.SGO_USERS)])
    await tell(door, a_user("1", version=2))
    await end_patience(door)
    assert await logins(door) == {"1": None, "2": None}
    assert await waiting(door) == (0, 0)


async def test_the_login_of_an_operator_is_not_sgos_to_give(door):
    await add_user(door.store, "olga", Role.operator, "Ольга")
    await tell(door, a_user("1", login="olga"))
    await end_patience(door)
    assert (await logins(door))["1"] is None
    assert await waiting(door) == (0, 1)


async def test_a_login_that_many_replicas_give_at_once_goes_to_one_user(door):
    await asyncio.gather(*(tell(door, a_user(f"{n}", login="igor")) for n in range(8)))
    assert sorted((await logins(door)).values(), key=str) == [None] * 7 + ["igor"]
    assert await waiting(door) == (7, 0)


async def test_a_login_that_is_given_up_while_a_change_is_being_parked_is_not_missed(door):
    """Forty races, each in a transaction of its own."""
    count = 40
    await tell(door, *(a_user(f"old {n}", login=f"login {n}") for n in range(count)))
    await asyncio.gather(
        *(
            tell(door, change)
            for n in range(count)
            for change in (a_user(f"new {n}", login=f"login {n}"), a_user(f"old {n}", version=2))
        )
    )
    await try_parked(door)
    found = await logins(door)
    assert [found[f"new {n}"] for n in range(count)] == [f"login {n}" for n in range(count)]
    assert await waiting(door) == (0, 0)
