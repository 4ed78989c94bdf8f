"""Kept records are told apart by what they say, not only by where they came from."""

from dataclasses import replace

from chassis import parking
from chassis.handlers import Effects
from chassis.kept import NotYet, open_kept, quarantine
from chassis.migrations import CHASSIS_MIGRATIONS

KEY = bytes(32)


async def wait(tx, items, last_call):
    return Effects(not_yet=[NotYet(item, "fact") for item in items])


async def test_a_different_record_at_a_place_used_again_is_kept_as_well(deaf_bench):
    """A broker that is set up anew counts its offsets from the start."""
    before = replace(deaf_bench.record(1), value=b"{not json")
    others = [replace(before, value=b"{neither"), replace(before, key=b"k")]
    others.append(replace(before, headers=(*before.headers, ("x", b"1"))))
    consumer = deaf_bench.consumer()
    for record in (before, before, *others, *others):
        await consumer.consume([record])
    rows = await deaf_bench.pool.fetch("SELECT * FROM quarantine")
    key = deaf_bench.settings.key_bytes
    assert len(rows) == 4
    assert {open_kept(key, row) for row in rows} == {before, *others}


async def test_two_events_parked_at_one_place_are_both_applied(deaf_bench):
    first = deaf_bench.record(1)
    second = replace(deaf_bench.record(2), offset=first.offset)
    for record in (first, second):
        await deaf_bench.consumer(wait).consume([record])
    assert await deaf_bench.count("parked") == 2
    await deaf_bench.pool.execute("UPDATE parked SET due_at = now()")
    assert await parking.try_due(deaf_bench.consumer(), 100) == 2
    assert (await deaf_bench.count("effects"), await deaf_bench.count("parked")) == (2, 0)


async def test_what_was_kept_before_there_were_digests_stays(deaf_bench):
    """The tables as they were, with a row each, are migrated."""
    record = replace(deaf_bench.record(1), value=b"{not json")
    migration = (CHASSIS_MIGRATIONS / "0004_kept_digest.sql").read_text()
    async with deaf_bench.pool.acquire() as tx, tx.transaction():
        await quarantine(tx, KEY, [(record, "bad_event")])
        for table in ("quarantine", "parked"):
            place = "topic, partition, record_offset"
            await tx.execute(f"ALTER TABLE {table} DROP digest")
            await tx.execute(f"ALTER TABLE {table} ADD UNIQUE ({place})")
        await tx.execute(migration)
        (row,) = await tx.fetch("SELECT * FROM quarantine")
        assert (open_kept(KEY, row), row["reason"]) == (record, "bad_event")
