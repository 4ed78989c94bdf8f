"""The relay: everything that was committed is sent, in order, and the backlog is told."""

from chassis import outbox
from chassis.relay import COUNTED_MAX, ROWS_MAX
from prometheus_client import REGISTRY

from tests.builders import a_request, envelope
from tests.chassis.bench import relaying
from tests.chassis.saying import all_sent, assert_sent_in_order, say
from tests.waiting import eventually


def backlog() -> float | None:
    return REGISTRY.get_sample_value("outbox_rows")


async def test_events_of_one_key_land_on_one_partition_in_order(bench):
    await say(bench, range(300), children=20)
    async with relaying(bench):
        await say(bench, range(300, 400), children=20)
        await eventually(lambda: all_sent(bench))
    await assert_sent_in_order(bench, 400)
    assert len({record.partition for record in await bench.published()}) > 1


async def test_events_larger_than_a_batch_are_sent_each_in_its_turn(bench):
    """Kafka takes up to a megabyte a message; our batches are of a quarter."""
    large = "x" * (outbox.VALUE_BYTES_MAX - 1000)
    for n in range(3):
        async with bench.store.transaction() as tx:
            event = a_request("child", name=f"{n}")
            await outbox.append(tx, [envelope(event, name=f"large {n}")])
            await tx.execute("UPDATE outbox SET value = convert_to($1, 'UTF8')", large)
    await say(bench, range(3))
    async with relaying(bench):
        await eventually(lambda: all_sent(bench))
    await assert_sent_in_order(bench, 6)


async def test_the_backlog_is_told_while_it_is_being_sent(bench):
    """Under load there is no idle moment to count in."""
    count = 3 * ROWS_MAX
    async with bench.store.transaction() as tx:
        events = [envelope(a_request(name=f"{n}"), name=f"said {n}") for n in range(count)]
        await outbox.append(tx, events)
    async with relaying(bench):
        await eventually(lambda: backlog() == count)
        await eventually(lambda: backlog() == 0)
    assert await all_sent(bench)


async def test_the_backlog_is_told_while_no_broker_answers(deaf_bench):
    await say(deaf_bench, range(20))
    async with relaying(deaf_bench):
        await eventually(lambda: backlog() == 20)
        await say(deaf_bench, range(20, 30))
        await eventually(lambda: backlog() == 30)
        assert (REGISTRY.get_sample_value("outbox_age_seconds") or 0) > 0


async def test_counting_a_long_backlog_ends_at_a_bound(deaf_bench):
    await deaf_bench.pool.execute(
        "INSERT INTO outbox (topic, key, headers)"
        " SELECT 't', 'k', '{}' FROM generate_series(1, $1::int)",
        COUNTED_MAX + 5,
    )
    async with relaying(deaf_bench):
        await eventually(lambda: backlog() == COUNTED_MAX)
