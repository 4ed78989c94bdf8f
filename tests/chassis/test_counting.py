"""What is counted is exact, whoever writes how, and is never counted anew."""

import asyncio

import asyncpg
import pytest
from certificates import main as certificates
from certificates.settings import Settings as CertificatesSettings
from chassis import counting
from chassis.counting import Oldest
from prometheus_client import REGISTRY

from tests.chassis.bench import Settings

THINGS = "CREATE TABLE things (id int PRIMARY KEY, state text NOT NULL, since timestamptz)"


@pytest.fixture
async def pool(settings_for, migrated):
    pool = await migrated(settings_for(Settings), None)
    await pool.execute(THINGS)
    await pool.execute("INSERT INTO things VALUES (1, 'old'), (2, 'old')")
    await pool.execute("SELECT count_by('things', 'state')")
    return pool


async def counted(pool) -> dict[str, int]:
    await counting.tell(pool, [])
    rows = await pool.fetch("SELECT state, rows FROM counts WHERE rows <> 0 ORDER BY state")
    assert not await pool.fetchval("SELECT count(*) FROM count_changes")
    return {row["state"]: row["rows"] for row in rows}


async def test_what_was_there_before_is_counted(pool):
    assert await counted(pool) == {"old": 2}


async def test_each_way_of_writing_is_counted(pool):
    await pool.copy_records_to_table("things", records=[(n, "new", None) for n in range(3, 8)])
    await pool.execute("UPDATE things SET state = 'done' WHERE id IN (3, 4)")
    await pool.execute("UPDATE things SET since = now()")
    await pool.execute("DELETE FROM things WHERE id IN (1, 5)")
    await pool.execute(
        "INSERT INTO things VALUES (6, 'x'), (9, 'new')"
        " ON CONFLICT (id) DO UPDATE SET state = 'done'"
    )
    assert await counted(pool) == {"done": 3, "new": 2, "old": 1}


async def test_a_table_that_was_counted_by_made_statements_is_counted_on(chassis_before):
    """As 0009 did; the triggers of a table that is counted already are made anew by 0013."""
    pool, go_on = await chassis_before("0013")
    await pool.execute(THINGS)
    await pool.execute("SELECT count_by('things', 'state')")
    await pool.execute("INSERT INTO things VALUES (1, 'old'), (2, 'old')")
    await go_on()
    await pool.execute("INSERT INTO things VALUES (3, 'new')")
    await pool.execute("UPDATE things SET state = 'new' WHERE id = 1")
    assert await counted(pool) == {"new": 2, "old": 1}


async def test_what_is_rolled_back_is_not_counted(pool):
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute(
            "INSERT INTO things VALUES (3, 'new'); INSERT INTO things VALUES (1, 'x')"
        )
    assert await counted(pool) == {"old": 2}


async def test_writers_at_once_and_a_job_that_sums_up_lose_nothing(pool):
    async def write(first: int) -> None:
        for n in range(first, first + 50):
            await pool.execute("INSERT INTO things VALUES ($1, 'new')", n)

    await asyncio.gather(*(write(n * 100) for n in range(1, 6)), *(counting.tell(pool, [])
                           for _ in range(20)))  # fmt: skip
    assert await counted(pool) == {"new": 250, "old": 2}


async def test_the_metric_tells_the_number_and_the_oldest(pool):
    await pool.execute("UPDATE things SET since = now() - interval '1 hour' WHERE id = 1")
    await counting.tell(pool, [Oldest("things", "state", "old", "since")])
    labels = {"table": "things", "state": "old"}
    assert REGISTRY.get_sample_value("stored_rows", labels) == 2
    age = REGISTRY.get_sample_value("oldest_row_age_seconds", labels)
    assert age is not None
    assert 3600 <= age < 3700


async def test_what_is_oldest_is_found_by_an_index(settings_for, migrated):
    """Looking must not read the whole table, whatever its size."""
    settings = settings_for(CertificatesSettings)
    pool = await migrated(settings, "certificates")
    request, consent = certificates.make(settings).oldest
    async with pool.acquire() as tx:
        await tx.execute("SET enable_seqscan = off")
        for oldest, index in ((request, "requests_pending"), (consent, "consents_to_decide")):
            plan = await tx.fetch("EXPLAIN " + oldest.sql)
            assert any(index in row[0] for row in plan)
