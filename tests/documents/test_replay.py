"""What the inbox has forgotten is known by the state."""

from contracts import Tombstone, topics

from tests.builders import a_record, a_user, an_id
from tests.documents.desk import a_family, issued
from tests.replay import changes_nothing


def erased(child: str, version: int | None = 2):
    return a_record(Tombstone(str(an_id(child)), version), topic=topics.IDENTITY_USERS)


async def test_a_replay_after_the_inbox_was_pruned_changes_nothing(desk):
    """Certificates of a year ago are still on the topic when the inbox has forgotten them."""
    events = [
        *a_family(),
        issued(),
        a_user("failing", last_name="\U00013000"),
        issued("failing", "780000000029"),
        a_user("gone"),
        issued("gone", "780000000037"),
    ]
    records = [*(a_record(event) for event in events), erased("gone")]
    for record in records:
        await desk.door.consume([record])
    await changes_nothing(desk.door, records)


async def test_a_replay_does_not_erase_who_was_brought_back_nor_their_documents(desk):
    """The topic is compacted, not emptied: its old tombstones may come again after any time."""
    records = [
        a_record(a_user()),
        erased("child"),
        a_record(a_user(version=3)),
        a_record(issued()),
    ]
    for record in records:
        await desk.door.consume([record])
    await changes_nothing(desk.door, records)
    assert (await desk.row())["state"] == "ready"
