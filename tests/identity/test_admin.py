"""The operator's commands: all or nothing, and nothing secret repeated."""

import pytest
from chassis.outbox import Store
from contracts.values import Role
from identity import sign_ins, store
from identity.admin import Refused, add_user, set_passwords
from identity.decide import change_user
from identity.hashing import Hashing
from identity.settings import Settings

from tests.builders import NOW
from tests.doors import said
from tests.identity.sgo import a_user


@pytest.fixture
async def users(settings_for, migrated):
    """Two users with the logins anna and igor."""
    pool = await migrated(settings_for(Settings), "identity")
    changes = [a_user("1", login="anna"), a_user("2", login="Igor")]
    async with pool.acquire() as tx:
        saved = [(change, change_user(change, None, NOW)) for change in changes]
        await store.save_users(tx, saved, NOW)
    return Store(pool)


async def hash_of(users, login):
    async with users.pool.acquire() as tx:
        row = await sign_ins.credentials(tx, login)
    return row and row["hash"]


async def test_passwords_are_set_and_stored_as_hashes_only(users):
    assert await set_passwords(users, ["anna first password\n", "IGOR second-one\n"]) == 2
    known = await hash_of(users, "igor")
    assert "second-one" not in known
    assert await Hashing().matches(known, "second-one")
    assert await Hashing().matches(await hash_of(users, "anna"), "first password")


async def test_one_unknown_login_leaves_every_password_as_it_was(users):
    with pytest.raises(Refused, match="nobody") as refused:
        await set_passwords(users, ["anna first-password", "nobody second-password"])
    assert "password" not in str(refused.value)
    assert await hash_of(users, "anna") is None


async def test_blank_lines_are_no_passwords(users):
    lines = ["\n", "anna first-password\n", "  \n", "igor second-one\n", ""]
    assert await set_passwords(users, lines) == 2
    assert await Hashing().matches(await hash_of(users, "igor"), "second-one")


@pytest.mark.parametrize("line", ["igor s3cret", "igor", "s3cret"])
async def test_a_short_password_is_refused_without_repeating_it(users, line):
    with pytest.raises(Refused, match="Line 2") as refused:
        await set_passwords(users, ["anna first-password", line])
    assert "s3cret" not in str(refused.value)
    assert await hash_of(users, "anna") is None


async def test_a_new_password_replaces_the_old_one(users):
    await set_passwords(users, ["anna first-password"])
    await set_passwords(users, ["anna other-password"])
    known = await hash_of(users, "anna")
    assert not await Hashing().matches(known, "first-password")
    assert await Hashing().matches(known, "other-password")


async def test_an_operator_is_added_once_however_often_it_is_asked(users):
    assert await add_user(users, "Olga", Role.operator, "Петрова") is True
    assert await add_user(users, "olga", Role.operator, "Петрова") is False
    (one,) = await said(users.pool)
    assert (one.kind, one.event["roles"]) == ("user.registered", ["operator"])


async def test_a_login_of_another_user_is_refused(users):
    with pytest.raises(Refused, match="another user"):
        await add_user(users, "ANNA", Role.client, "ANNA")
    assert await said(users.pool) == []
