"""What happens to a batch that fails: later, alone, or kept; never lost and never twice."""

import asyncpg
from chassis.batches import Patience

from tests.chassis.bench import QUICK, note
from tests.waiting import eventually


async def test_a_terminated_connection_is_tried_again_and_applied_once(bench):
    tries = []

    async def first_dies(tx, items, last_call):
        tries.append(len(items))
        effects = await note(tx, items, last_call)
        if len(tries) == 1:
            await bench.pool.execute(
                "SELECT pg_terminate_backend($1)", await tx.fetchval("SELECT pg_backend_pid()")
            )
            await tx.fetchval("SELECT 1")
        return effects

    patient = Patience(transient_s_max=30.0)  # however slow the machine, a second try is due
    records = [bench.record(n, f"child {n}") for n in range(5)]
    await bench.consumer(first_dies, patient).consume(records)
    assert tries == [5, 5]
    assert len(set(await bench.effects())) == len(await bench.effects()) == 5
    assert await bench.count("quarantine") == 0


async def test_a_locked_table_keeps_the_offset_until_it_is_free(bench):
    failures = []

    async def impatient(tx, items, last_call):
        await tx.execute("SET LOCAL lock_timeout = '20ms'")
        return await note(tx, items, last_call)

    async def on_batch(records):
        try:
            await bench.consumer(impatient).consume(records)
        except asyncpg.LockNotAvailableError as error:
            failures.append(error)
            raise

    await bench.tell(bench.record(1))
    async with bench.pool.acquire() as other, bench.hearing(on_batch):
        transaction = other.transaction()
        await transaction.start()
        await other.execute("LOCK TABLE effects")
        await eventually(lambda: len(failures) >= 2)
        assert await bench.committed() == 0
        await transaction.rollback()
        await eventually(bench.committed)
    assert (await bench.count("effects"), await bench.count("quarantine")) == (1, 0)


async def test_only_the_record_whose_handler_fails_is_quarantined(bench):
    records = [bench.record(n, f"child {n}") for n in range(20)]
    bad = str(records[13].headers[1][1].decode())
    tries = []

    async def one_fails(tx, items, last_call):
        effects = await note(tx, items, last_call)
        if bad in {item.received.id for item in items}:
            tries.append(len(items))
            raise ValueError("a defect of ours")
        return effects

    await bench.consumer(one_fails).consume(records)
    assert len(set(await bench.effects())) == len(await bench.effects()) == 19
    rows = await bench.pool.fetch("SELECT record_offset, reason FROM quarantine")
    assert [tuple(row) for row in rows] == [(records[13].offset, "failed: ValueError")]
    assert tries.count(1) >= QUICK.tries_alone


async def test_a_record_that_fails_only_at_first_is_applied_and_not_quarantined(bench):
    tries = []

    async def clumsy(tx, items, last_call):
        tries.append(len(items))
        if len(tries) < 3:
            raise ValueError("a passing defect")
        return await note(tx, items, last_call)

    await bench.consumer(clumsy).consume([bench.record(1)])
    assert (await bench.count("effects"), await bench.count("quarantine")) == (1, 0)


async def test_nothing_is_quarantined_while_the_database_refuses(bench):
    """A transient failure is no fault of the record, however often it comes."""

    async def refused(tx, items, last_call):
        await tx.execute("SET LOCAL lock_timeout = '5ms'")
        return await note(tx, items, last_call)

    consumer = bench.consumer(refused, Patience(0.01, 0.02, 0.05, 2, 30.0))
    async with bench.pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE effects")
        for _ in range(3):
            try:
                await consumer.consume([bench.record(1)])
            except asyncpg.LockNotAvailableError:
                continue
            raise AssertionError("the batch must come again")
    assert await bench.count("quarantine") == 0
    await consumer.consume([bench.record(1)])
    assert await bench.count("effects") == 1
