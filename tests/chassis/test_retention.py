"""What is kept for a while only is forgotten, little by little, by one replica at a time."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from asyncpg import RaiseError
from chassis import clock, journal, retention
from chassis.retention import JOURNAL, ROWS_MAX, SENT_KEPT, Rule, keep_partitions
from contracts import topics

from tests.chassis.bench import Settings
from tests.waiting import eventually

TODAY = date(2026, 11, 24)
INBOX = Rule("inbox", "received_at", timedelta(days=45))


async def prune(pool, rule: Rule) -> int:
    return await retention.prune(pool, rule, clock.now())


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
    assert await prune(deaf_bench.pool, INBOX) == 10
    assert await prune(deaf_bench.pool, INBOX) == 0
    await deaf_bench.consumer().consume([deaf_bench.record(1)])
    assert await deaf_bench.count("effects") == 1


async def test_what_is_a_day_younger_stays(deaf_bench):
    await an_old_inbox(deaf_bench, 10, days=44)
    assert await prune(deaf_bench.pool, INBOX) == 0


async def test_a_transaction_forgets_a_bounded_number_of_rows(deaf_bench):
    await an_old_inbox(deaf_bench, ROWS_MAX + 3)
    assert await prune(deaf_bench.pool, INBOX) == ROWS_MAX
    assert await deaf_bench.count("inbox") == 3


async def test_of_two_replicas_one_prunes(deaf_bench):
    await an_old_inbox(deaf_bench, 10)
    async with deaf_bench.pool.acquire() as other, other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock($1)", retention.PRUNE_LOCK)
        assert await prune(deaf_bench.pool, INBOX) == 0
    assert await prune(deaf_bench.pool, INBOX) == 10


async def test_a_running_service_forgets_all_that_is_old(deaf_bench):
    await an_old_inbox(deaf_bench, 2 * ROWS_MAX + 3)
    task = asyncio.create_task(retention.run(deaf_bench.store, [INBOX]))
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
        plan = await tx.fetch("EXPLAIN " + INBOX.sql, clock.now(), 10)
    assert any("inbox_received_at" in row[0] for row in plan)


def test_an_event_is_remembered_for_longer_than_a_topic_of_sgo_lives(settings_for):
    """SGO's tombstones have no version: only the inbox tells a replayed one."""
    kept = settings_for(Settings).inbox_kept_days
    days_of_a_segment = 7
    for topic in (topics.SGO_USERS, topics.SGO_CHILD_LINKS, topics.CERTIFICATE_REQUESTS):
        assert topic.retention_days is not None
        assert kept > topic.retention_days + days_of_a_segment


async def test_only_what_was_dropped_or_redriven_leaves_quarantine(deaf_bench):
    await deaf_bench.pool.execute(
        "INSERT INTO quarantine (topic, partition, record_offset, reason, record, quarantined_at,"
        " dropped_at, redriven_at) SELECT 't', 0, n, 'why', '', now() - interval '1 year',"
        " CASE WHEN n IN (1, 2) THEN now() - n * interval '20 days' END,"
        " CASE WHEN n IN (3, 4) THEN now() - (n - 2) * interval '20 days' END"
        " FROM generate_series(1, 5) AS n"
    )
    rules = retention.rules(timedelta(days=45))
    await retention.tidy(deaf_bench.pool, rules, clock.now())
    rows = await deaf_bench.pool.fetch("SELECT record_offset FROM quarantine ORDER BY id")
    assert [row["record_offset"] for row in rows] == [1, 3, 5]


# --- the journal: its beginning is forgotten, and the chain is whole all the same -----------------


async def a_journal(bench, *ages_days: int) -> None:
    for age in ages_days:
        at = clock.now() - timedelta(days=age)
        await journal.append(bench.pool, [journal.Entry(at, None, "staff", "saw", UUID(int=1))])
    await journal.seal(bench.store)


async def chain(bench) -> journal.Chain:
    async with bench.pool.acquire() as tx:
        return await journal.check(tx)


async def test_the_journals_old_links_go_and_the_chain_is_whole(deaf_bench):
    await a_journal(deaf_bench, 2000, 1500, 10)
    assert await prune(deaf_bench.pool, JOURNAL) == 2
    await a_journal(deaf_bench, 0)
    found = await chain(deaf_bench)
    assert (found.first, found.last, found.broken) == (3, 4, None)


async def test_a_journal_of_which_all_is_old_goes_on_where_it_ended(deaf_bench):
    await a_journal(deaf_bench, 2000, 1500)
    assert await prune(deaf_bench.pool, JOURNAL) == 2
    await a_journal(deaf_bench, 0)
    found = await chain(deaf_bench)
    assert (found.first, found.last, found.broken) == (3, 3, None)


async def test_an_old_entry_behind_a_young_one_waits_for_its_turn(deaf_bench):
    await a_journal(deaf_bench, 10, 2000)
    assert await prune(deaf_bench.pool, JOURNAL) == 0


async def test_a_link_that_is_missing_after_pruning_is_found(deaf_bench):
    await a_journal(deaf_bench, 2000, 10, 9, 8)
    await prune(deaf_bench.pool, JOURNAL)
    await deaf_bench.pool.execute("ALTER TABLE journal DISABLE TRIGGER ALL")
    await deaf_bench.pool.execute("DELETE FROM journal WHERE id = 2")
    assert (await chain(deaf_bench)).broken == 2


async def test_a_young_entry_cannot_be_deleted_even_by_moving_the_beginning(deaf_bench):
    await a_journal(deaf_bench, 10, 9)
    await deaf_bench.pool.execute("UPDATE journal_start SET link = 2")
    with pytest.raises(RaiseError, match="append-only"):
        await deaf_bench.pool.execute("DELETE FROM journal WHERE id = 1")


async def test_days_of_outbox_sent_are_made_and_dropped(deaf_bench):
    pool = deaf_bench.pool
    async with pool.acquire() as connection:
        await keep_partitions(connection, TODAY - SENT_KEPT - timedelta(days=1))
        await keep_partitions(connection, TODAY - timedelta(days=1))
        await keep_partitions(connection, TODAY)
        await keep_partitions(connection, TODAY)
    assert await days(pool) == ["20261117", "20261123", "20261124", "20261125", "rest"]


async def days(pool) -> list[str]:
    rows = await pool.fetch("""
        SELECT substr(inhrelid::regclass::text, 13) AS day FROM pg_inherits
        WHERE inhparent = 'outbox_sent'::regclass ORDER BY day""")
    return [row["day"] for row in rows]


@pytest.mark.parametrize("hour", [0, 23])
async def test_rows_sent_before_their_day_was_made_move_into_it(deaf_bench, hour):
    sent_at = datetime(2026, 11, 24, hour, 59, tzinfo=UTC)
    await deaf_bench.pool.execute(
        "INSERT INTO outbox_sent VALUES (1, 't', 'k', NULL, '{}', $1, $1)", sent_at
    )
    async with deaf_bench.pool.acquire() as connection:
        await keep_partitions(connection, TODAY)
    assert await deaf_bench.count("outbox_sent_20261124") == 1
    assert await deaf_bench.count("outbox_sent") == 1
