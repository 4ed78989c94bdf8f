"""What becomes of parked records that cannot be applied: kept, counted and told like any other."""

from dataclasses import replace

import pytest
from chassis import kept_commands, parking
from chassis.handlers import Effects
from chassis.kept import NotYet
from prometheus_client import REGISTRY

from tests.chassis.bench import QUICK


def counted() -> float:
    return REGISTRY.get_sample_value("events_quarantined_total") or 0.0


async def refuse_at_last(tx, items, last_call):
    if last_call:
        return Effects(refused=[(item, "never_came: the fact") for item in items])
    return Effects(not_yet=[NotYet(item, "fact") for item in items])


async def fail_when_parked(tx, items, last_call):
    if await tx.fetchval("SELECT count(*) FROM parked"):
        raise ValueError("a defect of ours")
    return Effects(not_yet=[NotYet(item, "fact") for item in items])


async def try_until_kept(bench, consumer, tries: int) -> None:
    for _ in range(tries):
        await bench.pool.execute(
            "UPDATE parked SET parked_at = now() - interval '31 s', due_at = now()"
        )
        await parking.try_due(consumer, 100)
    assert await bench.count("parked") == 0


@pytest.mark.parametrize(
    ("apply", "tries", "reason"),
    [
        (refuse_at_last, 1, "never_came: the fact"),
        (fail_when_parked, QUICK.tries_alone, "failed: ValueError"),
    ],
)
async def test_a_parked_record_put_into_quarantine_is_counted_and_logged(
    deaf_bench, our_logs, apply, tries, reason
):
    consumer = deaf_bench.consumer(apply)
    record, before = deaf_bench.record(1), counted()
    await consumer.consume([record])
    await try_until_kept(deaf_bench, consumer, tries)
    assert await deaf_bench.pool.fetchval("SELECT reason FROM quarantine") == reason
    assert counted() == before + 1
    (line,) = [line for line in our_logs().splitlines() if '"event": "quarantined"' in line]
    assert f'"place": "{record.topic}:0:{record.offset}"' in line
    assert f'"reason": "{reason}"' in line


async def test_a_parked_record_that_was_refused_can_be_given_to_the_service_again(deaf_bench):
    """Refused is not applied: its id must not stand in the way when the reason is mended."""
    consumer = deaf_bench.consumer(refuse_at_last)
    await consumer.consume([deaf_bench.record(1)])
    await try_until_kept(deaf_bench, consumer, 1)
    await redriven_once(deaf_bench)


async def test_a_parked_record_that_failed_can_be_given_to_the_service_again(deaf_bench):
    consumer = deaf_bench.consumer(fail_when_parked)
    await consumer.consume([deaf_bench.record(1)])
    await try_until_kept(deaf_bench, consumer, QUICK.tries_alone)
    await redriven_once(deaf_bench)


async def test_a_record_that_does_not_belong_here_comes_back_when_it_is_given_again(deaf_bench):
    """It is not lost: nobody applies it, so it is quarantined again."""
    consumer = deaf_bench.consumer()
    strange = replace(deaf_bench.record(1), topic=f"{deaf_bench.settings.kafka_topic_prefix}other")
    await consumer.consume([strange])
    async with deaf_bench.pool.acquire() as tx, tx.transaction():
        (row_id,) = await tx.fetchrow("SELECT id FROM quarantine")
        await kept_commands.redrive(tx, "quarantine", deaf_bench.settings.key_bytes, row_id)
    await parking.try_due(consumer, 100)
    assert await deaf_bench.count("parked") == 0
    rows = await deaf_bench.pool.fetch("SELECT reason FROM quarantine WHERE redriven_at IS NULL")
    assert [row["reason"].partition(":")[0] for row in rows] == ["wrong_topic"]


async def test_a_record_refused_at_the_door_can_be_given_to_the_service_again(deaf_bench):
    async def refuse(tx, items, last_call):
        return Effects(refused=[(item, "not_now: for a reason") for item in items])

    record = deaf_bench.record(1)
    for _ in range(2):  # it may come again from Kafka, and is still one record in quarantine
        await deaf_bench.consumer(refuse).consume([record])
    await redriven_once(deaf_bench)


async def redriven_once(bench) -> None:
    """The defect is mended, the operator redrives: applied once, also if Kafka repeats it."""
    async with bench.pool.acquire() as tx, tx.transaction():
        (kept,) = await tx.fetch("SELECT id FROM quarantine")
        await kept_commands.redrive(tx, "quarantine", bench.settings.key_bytes, kept["id"])
    mended = bench.consumer()
    while await parking.try_due(mended, 100):
        pass
    await mended.consume([bench.record(1)])
    assert await bench.count("effects") == 1
