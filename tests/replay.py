"""A replay from the start onto a database whose inbox has forgotten everything."""

from collections.abc import Sequence
from typing import Any

from chassis.batches import Consumer
from chassis.records import KeptRecord


async def changes_nothing(door: Consumer, records: Sequence[KeptRecord]) -> None:
    """What was applied is known by the state alone: no row changes and nothing is said."""
    pool = door.store.pool
    before = await _tables(pool)
    await pool.execute("TRUNCATE inbox")
    await door.consume(records)
    after = await _tables(pool)
    for table, rows in before.items():
        assert after[table] == rows, table


async def _tables(pool: Any) -> dict[str, list[str]]:
    names = await pool.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        " AND tablename NOT LIKE '%yoyo%' AND tablename <> 'inbox'"
    )
    found = {}
    for name in (row["tablename"] for row in names):
        rows = await pool.fetch(f'SELECT t::text AS line FROM "{name}" AS t ORDER BY 1')
        found[name] = [row["line"] for row in rows]
    assert {"outbox", "parked", "quarantine"} <= set(found)
    return found
