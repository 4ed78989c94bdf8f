"""Saying and hearing again what was lost, within the rules that hold for the first time (ADR 20).

`resend` makes what was sent unsent again; `hear` gives the service a record of a topic once more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from contracts import Unreadable, topics

from chassis import inbox
from chassis.database import Tx
from chassis.kept import NotYet, park
from chassis.places import Gone, Reader
from chassis.queries import load
from chassis.records import Item, read

SQL = load("chassis")
RESEND_S_MAX: Final = 3600.0
COMPACTED: Final = [topic.name for topic in topics.TOPICS if topic.retention_days is None]


async def resend(
    tx: Tx,
    *,
    since: datetime | None = None,
    topic: str | None = None,
    ids: Sequence[str] | None = None,
) -> dict[str, int]:
    """What was sent is unsent again, at its old place in the order; returns how many by topic.

    All given conditions must hold. Of a compacted topic only the latest about each key goes: an
    older state behind a newer one would be the one that stays.
    """
    rows = await tx.fetch(SQL["resend"], since, topic, ids, COMPACTED, timeout=RESEND_S_MAX)
    return {row["topic"]: row["rows"] for row in rows}


async def found(reader: Reader, service: str, place: str) -> Item:
    """The record at `place`. Raises Gone, also for one that the service must not hear again."""
    record = await reader.at(place)
    if not await reader.is_behind(service, place):
        raise Gone(f"{place}: {service} has not come to it yet; see that it runs")
    try:
        item = read(record)
    except Unreadable as error:
        raise Gone(f"{place}: the record cannot be read: {error.reason}") from None
    if record.value is None:
        raise Gone(
            f"{place}: an erasure was confirmed, and is not confirmed twice; tell developers"
        )
    return item


async def hear(tx: Tx, key: bytes, item: Item) -> bool:
    """Let the service apply it once more; what it knows already it leaves.

    False where the id was used for other content.
    """
    _, forged = await inbox.claim(tx, [item])
    if not forged:
        await park(tx, key, [NotYet(item, "operator")], timedelta(0))
    return not forged
