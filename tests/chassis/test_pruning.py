"""The inbox forgets what is too old to come again, little by little, one replica at a time."""

import asyncio
from datetime import timedelta

from chassis import pruning
from chassis.pruning import ROWS_MAX, prune
from contracts import topics

from tests.chassis.bench import Settings
from tests.waiting import eventually

KEPT = timedelta(days=45)


async def an_old_inbox(bench, rows: int, days: int = 46) -> None:
    await bench.pool.execute(
        "INSERT INTO inbox SELECT '/test', n::text, 'd', now() - $1::interval"
        " FROM generate_series(1, $2::int) AS n",
        timedelta(days=days),
        rows,
    )


async def test_what_is_older_than_it_is_kept_for_is_forgotten_and_the_rest_is_not(deaf_bench):
    await an_old_inbox(deaf_bench, 10)
    await deaf_bench.consumer().consume([deaf_bench.record(1)])
    assert await prune(deaf_bench.pool, KEPT) == 10
    assert await prune(deaf_bench.pool, KEPT) == 0
    await deaf_bench.consumer().consume([deaf_bench.record(1)])
    assert await deaf_bench.count("effects") == 1


async def test_what_is_a_day_younger_stays(deaf_bench):
    await an_old_inbox(deaf_bench, 10, days=44)
    assert await prune(deaf_bench.pool, KEPT) == 0


async def test_a_transaction_forgets_a_bounded_number_of_rows(deaf_bench):
    await an_old_inbox(deaf_bench, ROWS_MAX + 3)
    assert await prune(deaf_bench.pool, KEPT) == ROWS_MAX
    assert await deaf_bench.count("inbox") == 3


async def test_of_two_replicas_one_prunes(deaf_bench):
    await an_old_inbox(deaf_bench, 10)
    async with deaf_bench.pool.acquire() as other, other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock($1)", pruning.PRUNE_LOCK)
        assert await prune(deaf_bench.pool, KEPT) == 0
    assert await prune(deaf_bench.pool, KEPT) == 10


async def test_a_running_service_forgets_all_that_is_old(deaf_bench):
    await an_old_inbox(deaf_bench, 2 * ROWS_MAX + 3)
    task = asyncio.create_task(pruning.run(deaf_bench.store, KEPT))
    try:
        await eventually(lambda: _empty(deaf_bench))
    finally:
        task.cancel()


async def _empty(bench):
    return not await bench.count("inbox")


async def test_old_rows_are_found_by_an_index(deaf_bench):
    """Looking must not read the whole table, whatever its size."""
    async with deaf_bench.pool.acquire() as tx:
        await tx.execute("SET enable_seqscan = off")
        plan = await tx.fetch("EXPLAIN " + pruning.SQL["prune_inbox"], KEPT, 10)
    assert any("inbox_received_at" in row[0] for row in plan)


def test_an_event_is_remembered_for_longer_than_a_topic_of_sgo_lives(settings_for):
    """SGO's tombstones have no version: only the inbox tells a replayed one."""
    kept = settings_for(Settings).inbox_kept_days
    days_of_a_segment = 7
    for topic in (topics.SGO_USERS, topics.SGO_CHILD_LINKS, topics.CERTIFICATE_REQUESTS):
        assert topic.retention_days is not None
        assert kept > topic.retention_days + days_of_a_segment
