"""The inbox: which events this service has applied, so that a second delivery changes nothing."""

from collections.abc import Sequence

from chassis.database import Tx
from chassis.queries import load
from chassis.records import Item

SQL = load("chassis")


async def claim(tx: Tx, items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Which of `items` are new, and which carry an id already used for *other* content.

    One statement for the batch; the rows are part of the caller's transaction.
    """
    first = {item.identity: item for item in reversed(items)}
    rows = await tx.fetch(
        SQL["claim"],
        [source for source, _ in first],
        [event_id for _, event_id in first],
        [item.digest for item in first.values()],
    )
    claimed = {(row["source"], row["event_id"]) for row in rows}
    fresh = [item for item in items if item.identity in claimed and item is first[item.identity]]
    taken = {id(item) for item in fresh}
    repeated = [item for item in items if id(item) not in taken]
    return fresh, await _forged(tx, repeated) if repeated else []


async def forget(tx: Tx, items: Sequence[Item]) -> None:
    """These were claimed and could not be applied: an operator may give them to us again."""
    if items:
        await tx.execute(
            SQL["forget"],
            [item.received.source for item in items],
            [item.received.id for item in items],
            [item.digest for item in items],
        )


async def _forged(tx: Tx, repeated: Sequence[Item]) -> list[Item]:
    rows = await tx.fetch(
        SQL["digests"],
        [item.received.source for item in repeated],
        [item.received.id for item in repeated],
    )
    known = {(row["source"], row["event_id"]): row["digest"] for row in rows}
    return [item for item in repeated if known.get(item.identity) != item.digest]
