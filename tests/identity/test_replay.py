"""What the inbox has forgotten is known by the state."""

from contracts import Tombstone, topics

from tests.builders import a_record
from tests.identity.sgo import EMPLOYER, a_link, a_parent, a_user
from tests.replay import changes_nothing


async def test_a_replay_after_the_inbox_was_pruned_changes_nothing(door):
    records = [
        *(a_record(a_user(version=n, login="igor", organization=EMPLOYER)) for n in (1, 2, 3)),
        a_record(a_parent()),
        *(a_record(a_link(version=n, linked=n != 2)) for n in (1, 2, 3)),
        a_record(a_user("3", login="anna")),
        a_record(a_user("3", version=2, login="olga")),
        a_record(a_user("4", login="anna")),
        a_record(Tombstone("3"), topic=topics.SGO_USERS),
        a_record(a_link("5", "1")),
        a_record(Tombstone("5:1"), topic=topics.SGO_CHILD_LINKS),
        a_record(Tombstone("6"), topic=topics.SGO_USERS),
    ]
    for record in records:
        await door.consume([record])
    await changes_nothing(door, records)
