"""Events said through the outbox, and whether all of them were sent, in order."""

import json
from collections import defaultdict

from chassis import outbox

from tests.builders import a_request, envelope
from tests.waiting import eventually


async def say(bench, numbers, children=5):
    """Commit events, one a transaction, the children in turn."""
    for n in numbers:
        async with bench.store.transaction() as tx:
            event = a_request(f"child {n % children}", name=f"{n}")
            await outbox.append(tx, [envelope(event, name=f"said {n}")])


async def all_sent(bench):
    return await bench.count("outbox") == 0


async def sent_ids(bench) -> list[str]:
    """Event ids in the order in which they were committed."""
    rows = await bench.pool.fetch("SELECT headers FROM outbox_sent ORDER BY id")
    return [json.loads(row["headers"])["ce_id"] for row in rows]


def ids(records) -> list[str]:
    return [dict(record.headers)["ce_id"].decode() for record in records]


async def assert_sent_in_order(bench, count: int) -> None:
    """Each event once on the topic, those of one key on one partition in commit order."""

    async def all_moved() -> list[str] | None:
        said = await sent_ids(bench)
        return said if len(said) == count else None

    said = await eventually(all_moved)  # while a day's partition is made, its rows are not seen
    place = {event_id: n for n, event_id in enumerate(said)}
    records = await bench.published()
    assert sorted(ids(records)) == sorted(said)
    by_key, partitions = defaultdict(list), defaultdict(set)
    for record in records:
        by_key[record.key] += [place[event_id] for event_id in ids([record])]
        partitions[record.key].add(record.partition)
    assert all(order == sorted(order) for order in by_key.values())
    assert all(len(numbers) == 1 for numbers in partitions.values())
