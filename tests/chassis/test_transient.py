"""Which errors of the database client pass by themselves, and which are a defect of ours."""

import asyncio

import asyncpg
import pytest
from chassis.database import is_transient, open_pool

from tests.chassis.bench import note


async def test_a_closed_connection_or_pool_passes_by_itself(deaf_bench):
    other = await open_pool(deaf_bench.settings)
    connection = await other.acquire()
    await connection.close()
    with pytest.raises(asyncpg.InterfaceError) as closed:
        await connection.fetchval("SELECT 1")
    await other.release(connection)
    await other.close()
    with pytest.raises(asyncpg.InterfaceError) as pool_closed:
        await other.fetchval("SELECT 1")
    assert is_transient(closed.value)
    assert is_transient(pool_closed.value)


async def test_a_session_that_is_ended_within_a_transaction_passes_by_itself(deaf_bench):
    async def lose_it():
        async with deaf_bench.store.transaction() as tx:
            pid = await tx.fetchval("SELECT pg_backend_pid()")
            await deaf_bench.pool.execute("SELECT pg_terminate_backend($1, 5000)", pid)
            await tx.fetchval("SELECT 1")

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as ended:
        await lose_it()
    assert is_transient(ended.value)


@pytest.mark.parametrize(
    "words",
    [
        "cannot switch to state 3; another operation (2) is in progress",
        'cannot switch to "idle" state; protocol is in the "failed" state',
        "got result for unknown protocol state 0",
    ],
)
def test_a_connection_lost_in_the_middle_of_an_answer_passes_by_itself(words):
    """Asyncpg's own words; which of them comes is a matter of the moment."""
    assert is_transient(asyncpg.InternalClientError(words))


async def test_one_connection_used_twice_at_once_is_no_passing_failure(deaf_bench):
    async with deaf_bench.pool.acquire() as tx:
        answers = await asyncio.gather(
            *(tx.fetchval("SELECT 1") for _ in range(2)), return_exceptions=True
        )
    (error,) = [one for one in answers if isinstance(one, BaseException)]
    assert isinstance(error, asyncpg.InterfaceError)
    assert not is_transient(error)


async def test_a_defect_that_the_client_finds_does_not_hold_up_the_records_behind_it(deaf_bench):
    """It would come again from Kafka for ever, and nobody would be told."""
    records = [deaf_bench.record(n, f"child {n}") for n in range(3)]
    bad = records[1].headers[1][1].decode()

    async def misuses(tx, items, last_call):
        effects = await note(tx, items, last_call)
        if bad in {item.received.id for item in items}:
            await tx.cursor("SELECT 1", prefetch=10)
        return effects

    await deaf_bench.consumer(misuses).consume(records)
    assert await deaf_bench.count("effects") == 2
    assert (
        await deaf_bench.pool.fetchval("SELECT reason FROM quarantine") == "failed: InterfaceError"
    )
