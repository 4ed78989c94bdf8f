"""What the inbox has forgotten is known by the state."""

from contracts import Tombstone, topics
from contracts.events import ChildUnlinked

from tests.builders import a_link, a_record, a_request, a_user, an_id
from tests.replay import changes_nothing


async def test_a_replay_after_the_inbox_was_pruned_changes_nothing(door):
    gone = an_id("gone")
    records = [
        a_record(a_user()),
        a_record(a_user(version=2)),
        a_record(a_user("parent", role="parent", born=None, enrolled=False)),
        a_record(a_link()),
        a_record(ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2)),
        a_record(a_link(version=3)),
        a_record(a_request()),
        a_record(a_request(name="r2")),
        a_record(a_user("gone")),
        a_record(Tombstone(str(gone), 2), topic=topics.IDENTITY_USERS),
    ]
    for record in records:
        await door.consume([record])
    await changes_nothing(door, records)


async def test_a_replay_does_not_erase_who_was_brought_back(door):
    """The topic is compacted, not emptied: its old tombstones may come again after any time."""
    records = [
        a_record(a_user()),
        a_record(Tombstone(str(an_id("child")), 2), topic=topics.IDENTITY_USERS),
        a_record(a_user(version=3)),
    ]
    for record in records:
        await door.consume([record])
    await changes_nothing(door, records)
    assert await door.store.pool.fetchval("SELECT erased FROM people") is False


async def test_a_state_older_than_the_erasure_does_not_bring_a_person_back(door):
    tombstone = a_record(Tombstone(str(an_id("child")), 2), topic=topics.IDENTITY_USERS)
    await door.consume([tombstone, a_record(a_user(version=1))])
    assert await door.store.pool.fetchval("SELECT erased FROM people") is True


async def test_a_tombstone_without_a_version_erases_whatever_is_there(door):
    tombstone = a_record(Tombstone(str(an_id("child"))), topic=topics.IDENTITY_USERS)
    await door.consume([a_record(a_user(version=7)), tombstone, a_record(a_user(version=7))])
    row = await door.store.pool.fetchrow("SELECT * FROM people")
    assert (row["erased"], row["full_name"]) == (True, None)
