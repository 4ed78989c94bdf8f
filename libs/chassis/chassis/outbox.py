"""The transactional outbox: what a service says is a row of the same transaction as what it did."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from contracts import Envelope, encode
from contracts.topics import Topic
from pydantic_core import to_json

from chassis import failpoint
from chassis.database import Pool, Tx
from chassis.queries import load

SQL = load("chassis")
COLUMNS = ("topic", "key", "value", "headers")
VALUE_BYTES_MAX = 900_000  # under Kafka's default message size, headers included


class TooLarge(ValueError):
    """An event larger than a Kafka message may be."""


async def append(tx: Tx, envelopes: Sequence[Envelope]) -> None:
    """Say `envelopes` in this order once the transaction commits. Raises TooLarge.

    The caller has locked the aggregates, so that ids of one key are in commit order.
    """
    if not envelopes:
        return
    records = [encode(envelope) for envelope in envelopes]
    if any(record.value and len(record.value) > VALUE_BYTES_MAX for record in records):
        raise TooLarge(f"an event is larger than {VALUE_BYTES_MAX} bytes")
    rows = [(one.topic, one.key, one.value, to_json(one.texts).decode()) for one in records]
    await tx.copy_records_to_table("outbox", columns=COLUMNS, records=rows)


async def count_said(tx: Tx, topic: Topic, keys: Sequence[str]) -> Counter[str]:
    """How much was said of these keys and is still here; it goes when their tombstone is sent."""
    rows = await tx.fetch(SQL["count_said"], topic.name, keys)
    return Counter({row["key"]: row["rows"] for row in rows})


class Store:
    """The pool, and the bell that wakes the relay after a commit."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.committed = asyncio.Event()
        self.released = asyncio.Event()

    @asynccontextmanager
    async def transaction(self, at: str | None = "door", *, says: bool = True) -> AsyncIterator[Tx]:
        """One transaction; when it has committed, the relay and the parked ones are woken.

        `at` is its failpoint; None where many commit nothing, and who works names its own.
        `says`: False where nothing can be appended or released, and nobody is woken.
        """
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection
            if at:
                failpoint.passing(at, "before-commit")
        if at:
            failpoint.passing(at, "after-commit")
        if says:
            self.committed.set()
            self.released.set()
