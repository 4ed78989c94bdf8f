"""The doors for SGO's events: state *and* outbox row, or neither, on a real PostgreSQL."""

import asyncio
from datetime import date

from contracts import Tombstone, topics
from contracts.ids import user_id
from contracts.values import LIST_MAX, VERSION_MAX, Enrolment
from identity.admin import set_passwords

from tests.builders import a_record
from tests.doors import said
from tests.identity.sgo import EMPLOYER, a_link, a_parent, a_user


async def kinds(door) -> list[str | None]:
    return [one.kind for one in await said(door.store.pool)]


async def the_user(door, sgo_id: str = "1"):
    return await door.store.pool.fetchrow("SELECT * FROM users WHERE user_id = $1", user_id(sgo_id))


async def count(door, table: str) -> int:
    return await door.store.pool.fetchval(f"SELECT count(*) FROM {table}")


async def test_a_new_user_becomes_a_row_and_an_event(door):
    await door.consume([a_record(a_user(login="Igor"))])
    row = await the_user(door)
    assert (row["login"], row["roles"], row["version"]) == ("Igor", ["student"], 1)
    (one,) = await said(door.store.pool)
    assert (one.topic, one.key, one.kind) == (
        topics.IDENTITY_USERS.name, str(user_id("1")), "user.registered",
    )  # fmt: skip
    assert one.event["person"]["name"]["last_name"] == "Иванов"


async def test_the_largest_user_that_can_be_read_is_applied(door):
    """Whatever is within the limits of the contracts, the tables can keep."""
    code, text = "я" * 64, "я" * 200
    enrolment = Enrolment(organization_id=code, kind="school", name=text)
    user = a_user(code, version=VERSION_MAX, login=text, last_name=text, born=date(1900, 1, 1))
    many = tuple(enrolment.model_copy(update={"organization_id": f"{n}"}) for n in range(LIST_MAX))
    person = user.person.model_copy(update={"enrolments": (enrolment, *many[1:])})
    await door.consume([a_record(user.model_copy(update={"person": person}))])
    assert await kinds(door) == ["user.registered"]
    assert (await the_user(door, code))["sgo_version"] == VERSION_MAX


async def test_neither_a_row_nor_an_event_when_the_outbox_refuses(door):
    await door.store.pool.execute("ALTER TABLE outbox ADD CHECK (key IS NULL)")
    await door.consume([a_record(a_user()), a_record(a_link())])
    assert (await count(door, "users"), await count(door, "child_links")) == (0, 0)
    assert (await count(door, "outbox"), await count(door, "quarantine")) == (0, 2)


async def test_a_changed_user_is_updated_and_said_in_full(door):
    await door.consume([a_record(a_user()), a_record(a_user(version=3, last_name="Сидоров"))])
    row = await the_user(door)
    assert (row["full_name"], row["version"], row["sgo_version"]) == ("Сидоров Игорь", 2, 3)
    assert await kinds(door) == ["user.registered", "user.updated"]


async def test_late_and_repeated_users_change_nothing(door):
    newest = a_record(a_user(version=3, last_name="Сидоров"))
    await door.consume([newest])
    await door.consume([newest])
    await door.consume([a_record(a_user(version=3)), a_record(a_user(version=2))])
    assert (await the_user(door))["full_name"] == "Сидоров Игорь"
    assert await kinds(door) == ["user.registered"]


async def test_many_replicas_at_once_register_a_user_once(door):
    versions = [[a_record(a_user(version=1))] for _ in range(8)]
    await asyncio.gather(*(door.consume(batch) for batch in versions))
    assert await kinds(door) == ["user.registered"]


async def test_a_link_before_its_users_is_kept(door):
    await door.consume([a_record(a_link())])
    assert await kinds(door) == ["child.linked"]
    await door.consume([a_record(a_user()), a_record(a_parent())])
    (link,) = await door.store.pool.fetch("SELECT * FROM child_links")
    assert (link["linked"], link["version"]) == (True, 1)


async def test_a_link_is_ended_and_made_again(door):
    for version, linked in enumerate((True, False, True), 1):
        await door.consume([a_record(a_link(version=version, linked=linked))])
    assert await kinds(door) == ["child.linked", "child.unlinked", "child.linked"]
    assert [one.event["version"] for one in await said(door.store.pool)] == [1, 2, 3]


async def test_late_and_repeated_links_change_nothing(door):
    await door.consume([a_record(a_link(version=5, linked=False))])
    await door.consume([a_record(a_link(version=4)), a_record(a_link(version=5))])
    assert await kinds(door) == ["child.unlinked"]
    assert await door.store.pool.fetchval("SELECT linked FROM child_links") is False


async def test_a_tombstone_ends_a_link_and_a_late_one_does_not_revive_it(door):
    await door.consume([a_record(a_link(version=2))])
    await door.consume([a_record(Tombstone("2:1"), topic=topics.SGO_CHILD_LINKS)])
    await door.consume([a_record(a_link(version=2)), a_record(a_link(version=1))])
    assert await kinds(door) == ["child.linked", "child.unlinked"]


async def test_a_tombstone_with_no_pair_is_quarantined(door):
    await door.consume([a_record(Tombstone("2"), topic=topics.SGO_CHILD_LINKS)])
    assert await count(door, "quarantine") == 1


async def test_an_erased_user_leaves_only_id_and_counts_and_is_erased_everywhere(door):
    await door.consume([a_record(a_user(login="igor", organization=EMPLOYER))])
    await set_passwords(door.store, ["igor right-password"])
    await door.consume([a_record(Tombstone("1"), topic=topics.SGO_USERS)])
    row = await the_user(door)
    left = {name for name, value in row.items() if value not in (None, [])}
    assert left == {"user_id", "sgo_user_id", "sgo_version", "version", "erased_at"}
    assert await count(door, "passwords") == 0
    last = (await said(door.store.pool))[-1]
    assert (last.topic, last.key, last.event) == (
        topics.IDENTITY_USERS.name, str(user_id("1")), None,
    )  # fmt: skip


async def test_erasing_twice_is_said_once(door):
    await door.consume([a_record(a_user())])
    for _ in range(2):
        await door.consume([a_record(Tombstone("1"), topic=topics.SGO_USERS)])
    assert len(await said(door.store.pool)) == 2


async def test_a_late_change_does_not_revive_an_erased_user(door):
    await door.consume([a_record(a_user(version=2))])
    await door.consume([a_record(Tombstone("1"), topic=topics.SGO_USERS)])
    await door.consume([a_record(a_user(version=2)), a_record(a_user(version=1))])
    assert (await the_user(door))["full_name"] is None
    assert len(await said(door.store.pool)) == 2
