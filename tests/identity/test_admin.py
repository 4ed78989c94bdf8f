"""The operator's commands: all or nothing, nothing secret repeated, each in the sealed journal."""

import pytest
from chassis import journal
from chassis.command_line import Refused
from chassis.journal import os_user
from chassis.outbox import Store
from contracts.ids import derived, user_id
from contracts.values import Role
from identity import sign_ins, store
from identity.admin import add_client, add_user, own_id, rotate_keys, set_passwords
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
        await store.save_users(tx, saved)
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


KEY = b"k" * 32


async def acts(users) -> list[tuple]:
    rows = await users.pool.fetch("SELECT * FROM journal ORDER BY id")
    assert {(row["actor"], row["actor_id"]) for row in rows} <= {("cli", None)}
    return [(row["action"], row["subject"], row["details"]) for row in rows]


async def signing(users) -> tuple[str, object]:
    """The key that signs now, and as whom the journal knows it."""
    kid = await users.pool.fetchval("SELECT kid FROM signing_keys WHERE place = 'current'")
    return kid, derived(kid, "signing-key")


async def test_each_command_is_in_the_sealed_journal_with_who_ran_it(users):
    await add_user(users, "olga", Role.operator, "Петрова")
    await set_passwords(users, ["anna first-password"])
    await add_client(users, "pfdo", "АИС ПФДО", ["portal-accounts:read", "sgo:write"])
    await rotate_keys(users, KEY)
    rotated, as_rotated = await signing(users)
    await rotate_keys(users, KEY, withdraw=True)
    new, as_new = await signing(users)
    by, client = f"os user {os_user()}", own_id("pfdo")
    assert await acts(users) == [
        ("operator.added", own_id("olga"), by),
        ("password.set", user_id("1"), by),
        ("client.added", client, by),
        ("client.scopes_set", client, f"{by}; portal-accounts:read sgo:write"),
        ("password.set", client, by),
        ("keys.rotated", as_rotated, f"{by}; signs now: {rotated}"),
        ("keys.withdrawn", as_new, f"{by}; signs now: {new}"),
    ]
    assert await journal.seal(users) == 7
    async with users.pool.acquire() as tx:
        assert await journal.broken_at(tx) is None


async def test_a_command_that_changed_nothing_is_not_journalled(users):
    await add_user(users, "olga", Role.operator, "Петрова")
    before = await acts(users)
    await add_user(users, "olga", Role.operator, "Петрова")
    with pytest.raises(Refused):
        await set_passwords(users, ["anna first-password", "nobody second-password"])
    with pytest.raises(Refused):
        await add_user(users, "anna", Role.operator, "ANNA")
    assert await acts(users) == before


async def test_no_login_name_or_secret_is_in_the_journal(users):
    secret = await add_client(users, "pfdo", "АИС ПФДО", ["portal-accounts:read"])
    await set_passwords(users, ["anna first-password"])
    rows = await users.pool.fetchval("SELECT string_agg(j::text, ' ') FROM journal AS j")
    for word in (secret, "first-password", "argon2", "anna", "pfdo", "ПФДО"):
        assert word not in rows


async def test_who_ran_a_command_is_told_by_the_system_not_by_the_environment(monkeypatch):
    real = os_user()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody else")
    assert os_user() == real
