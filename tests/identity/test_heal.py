"""What is said again of a user or a link is its present state; an erasure stays one."""

import pytest
from chassis import healing
from contracts import Tombstone, topics
from contracts.ids import user_id
from identity import heal
from identity.settings import Settings

from tests.builders import a_record
from tests.doors import said
from tests.identity.sgo import a_link, a_user

CHILD, PARENT = user_id("1"), user_id("2")


@pytest.fixture
def ask(settings_for):
    async def answers(*lines: str) -> list[str]:
        return [
            answer async for answer in healing.heal(settings_for(Settings), heal.announce, lines)
        ]

    return answers


async def test_present_states_are_told_as_they_were(door, ask):
    await door.consume([a_record(a_user(version=n, last_name=f"Иванов{n}")) for n in (1, 2)])
    await door.consume([a_record(a_link())])
    first = {one.kind: one.event for one in await said(door.store.pool)}
    await door.store.pool.execute("DELETE FROM outbox")
    answers = await ask(
        f"identity.users.v1 {CHILD} 2", f"identity.child-links.v1 {PARENT}:{CHILD} 1"
    )
    assert [one.split()[0] for one in answers] == ["healed", "healed"]
    again = {one.kind: one.event for one in await said(door.store.pool)}
    assert again == {kind: first[kind] for kind in ("user.updated", "child.linked")}


async def test_of_who_is_erased_a_tombstone_is_said_whatever_was_asked_for(door, ask):
    await door.consume([a_record(a_user())])
    await door.consume([a_record(Tombstone("1"), topic=topics.SGO_USERS)])
    await door.store.pool.execute("DELETE FROM outbox")
    (answer,) = await ask(f"identity.users.v1 {CHILD} 1")
    assert answer.endswith("tombstone is said again")
    (row,) = await door.store.pool.fetch("SELECT key, value FROM outbox")
    assert (row["key"], row["value"]) == (f"{CHILD}", None)


async def test_a_state_that_was_replaced_cannot_be_told(door, ask):
    await door.consume([a_record(a_user(version=n, last_name=f"Иванов{n}")) for n in (1, 2)])
    answers = await ask(
        f"identity.users.v1 {CHILD} 1", f"identity.users.v1 {PARENT} 1", "erasures.v1 x 1"
    )
    assert [one.split(": ", 1)[1] for one in answers] == [
        "it is at version 2, and what was before is not stored",
        "nothing of this user is stored here",
        "identity says nothing on this topic that it could say again",
    ]
