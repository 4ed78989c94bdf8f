"""Who is erased stays erased whatever comes late; what happens afterwards may bring them back."""

from datetime import timedelta

import pytest
from contracts import Tombstone, topics
from contracts.ids import user_id

from tests.builders import NOW, a_record
from tests.doors import said
from tests.identity.sgo import a_link, a_user

BEFORE, AFTER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


def erased(key: str = "1", at=NOW, topic=topics.SGO_USERS):
    return a_record(Tombstone(key), topic=topic, at=at)


def unlinked(key: str = "2:1", at=NOW):
    return erased(key, at, topics.SGO_CHILD_LINKS)


async def the_user(door, sgo_id: str = "1"):
    return await door.store.pool.fetchrow("SELECT * FROM users WHERE user_id = $1", user_id(sgo_id))


async def kinds(door) -> list[str | None]:
    return [one.kind for one in await said(door.store.pool)]


@pytest.mark.parametrize("version", [1, 2, 3], ids=["older", "equal", "newer but said before"])
@pytest.mark.parametrize("at", [BEFORE, NOW])
async def test_what_was_said_before_an_erasure_does_not_bring_a_user_back(door, version, at):
    await door.consume([a_record(a_user(version=2), at=BEFORE)])
    await door.consume([erased()])
    await door.consume([a_record(a_user(version=version), at=at)])
    assert (await the_user(door))["full_name"] is None
    assert await kinds(door) == ["user.registered", "tombstone"]


@pytest.mark.parametrize("version", [1, 2], ids=["older", "equal"])
async def test_an_old_version_that_is_said_again_does_not_bring_a_user_back(door, version):
    await door.consume([a_record(a_user(version=2))])
    await door.consume([erased(), a_record(a_user(version=version), at=AFTER)])
    assert (await the_user(door))["full_name"] is None


async def test_a_newer_version_that_is_said_after_the_erasure_brings_a_user_back(door):
    await door.consume([a_record(a_user(version=2))])
    await door.consume([erased(), a_record(a_user(version=3, login="igor"), at=AFTER)])
    row = await the_user(door)
    assert (row["full_name"], row["login"], row["erased_at"]) == ("Иванов Игорь", "igor", None)
    assert await kinds(door) == ["user.registered", "tombstone", "user.updated"]


async def test_our_tombstone_counts_on_from_the_state_that_it_erases(door):
    await door.consume([a_record(a_user(version=n)) for n in (1, 2)])
    await door.consume([erased(), a_record(a_user(version=3), at=AFTER)])
    rows = await door.store.pool.fetch(
        "SELECT coalesce(headers::json ->> 'ce_version',"
        " convert_from(value, 'utf8')::json ->> 'version') AS version FROM outbox ORDER BY id"
    )
    assert [row["version"] for row in rows] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("at", [BEFORE, NOW])
async def test_a_user_who_is_told_of_only_after_the_erasure_stays_unknown(door, at):
    """SGO told late: the tombstone came first. Nothing of the person is kept, and nothing said."""
    await door.consume([erased()])
    await door.consume([a_record(a_user(version=1, login="igor"), at=at)])
    left = {name for name, value in (await the_user(door)).items() if value not in (None, [])}
    assert left == {"user_id", "sgo_user_id", "sgo_version", "version", "erased_at"}
    assert await kinds(door) == []


async def test_a_user_who_was_never_known_may_come_after_the_erasure(door):
    await door.consume([erased()])
    await door.consume([a_record(a_user(version=1), at=AFTER)])
    assert (await the_user(door))["full_name"] == "Иванов Игорь"


async def test_a_second_erasure_counts_from_then_on(door):
    await door.consume([erased(), erased(at=AFTER), erased(at=BEFORE)])
    await door.consume([a_record(a_user(version=1), at=AFTER)])
    assert (await the_user(door))["full_name"] is None


async def test_each_user_of_a_batch_is_erased_at_their_own_time(door):
    await door.consume([erased("1"), erased("2", at=AFTER)])
    assert [(await the_user(door, one))["erased_at"] for one in ("1", "2")] == [NOW, AFTER]


@pytest.mark.parametrize("at", [BEFORE, NOW])
async def test_a_link_that_is_told_of_only_after_its_erasure_opens_nothing(door, at):
    await door.consume([unlinked()])
    await door.consume([a_record(a_link(version=1), at=at)])
    assert await kinds(door) == []
    assert await door.store.pool.fetchval("SELECT count(*) FROM child_links WHERE linked") == 0


@pytest.mark.parametrize("version", [2, 3], ids=["equal", "newer but said before"])
async def test_what_was_said_before_its_erasure_does_not_bring_a_link_back(door, version):
    await door.consume([a_record(a_link(version=2), at=BEFORE), unlinked()])
    await door.consume([a_record(a_link(version=version), at=BEFORE)])
    assert await kinds(door) == ["child.linked", "child.unlinked"]


@pytest.mark.parametrize("known", [True, False])
async def test_a_newer_link_that_is_said_after_the_erasure_opens_again(door, known):
    if known:
        await door.consume([a_record(a_link(version=2), at=BEFORE)])
    await door.consume([unlinked(), a_record(a_link(version=3), at=AFTER)])
    assert (await kinds(door))[-1] == "child.linked"
    assert await door.store.pool.fetchval("SELECT linked FROM child_links") is True
