"""What becomes of parked records that cannot be applied: kept, counted and told like any other."""

import pytest
from chassis import parking
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
