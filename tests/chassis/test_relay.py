"""The relay: everything that was committed is sent, in order, whatever happens to the producer."""

import asyncio
import json
from collections import defaultdict
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from chassis import outbox
from chassis.database import DATABASE_ERRORS
from chassis.relay import COUNTED_MAX, KEPT_DAYS, ROWS_MAX, keep_partitions
from prometheus_client import REGISTRY

from tests.builders import a_request, envelope
from tests.chassis.bench import TOPIC, relaying
from tests.waiting import eventually
from tools.stack.ports import free_port

TODAY = date(2026, 11, 24)


async def say(bench, numbers, children=5):
    """Commit events, one a transaction, the children in turn."""
    for n in numbers:
        async with bench.store.transaction() as tx:
            event = a_request(f"child {n % children}", name=f"{n}")
            await outbox.append(tx, [envelope(event, name=f"said {n}")])


async def all_sent(bench):
    return await bench.count("outbox") == 0


async def sent_ids(bench) -> list[str]:
    """Event ids in the order in which they were committed."""
    rows = await bench.pool.fetch("SELECT headers FROM outbox_sent ORDER BY id")
    return [json.loads(row["headers"])["ce_id"] for row in rows]


def backlog() -> float | None:
    return REGISTRY.get_sample_value("outbox_rows")


def ids(records) -> list[str]:
    return [dict(record.headers)["ce_id"].decode() for record in records]


async def assert_sent_in_order(bench, count: int) -> None:
    """Each event once on the topic, those of one key on one partition in commit order."""

    async def all_moved() -> list[str] | None:
        said = await sent_ids(bench)
        return said if len(said) == count else None

    said = await eventually(all_moved)  # while a day's partition is made, its rows are not seen
    place = {event_id: n for n, event_id in enumerate(said)}
    records = await bench.published()
    assert sorted(ids(records)) == sorted(said)
    by_key, partitions = defaultdict(list), defaultdict(set)
    for record in records:
        by_key[record.key] += [place[event_id] for event_id in ids([record])]
        partitions[record.key].add(record.partition)
    assert all(order == sorted(order) for order in by_key.values())
    assert all(len(numbers) == 1 for numbers in partitions.values())


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


async def test_events_wait_for_a_broker_that_is_away_and_are_all_sent_when_it_comes(
    bench,
):
    """The relay reaches the broker by a door that opens only after it has failed."""
    closed_port = free_port()
    host, port = bench.settings.kafka_bootstrap.split(":")
    bench.settings = bench.settings.model_copy(
        update={"kafka_bootstrap": f"127.0.0.1:{closed_port}"}
    )
    await say(bench, range(20))
    async with relaying(bench) as relay:
        await eventually(lambda: len(relay.made) >= 2)
        assert await bench.count("outbox") == 20
        async with a_door(closed_port, host, int(port)):
            await eventually(lambda: all_sent(bench))
            await assert_sent_in_order(bench, 20)


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


async def test_a_producer_that_dies_is_replaced_and_nothing_is_lost_or_doubled(bench):
    async with relaying(bench) as relay:
        await say(bench, range(20))
        await eventually(lambda: all_sent(bench))
        await relay.made[0].stop()
        await say(bench, range(20, 40))
        await eventually(lambda: all_sent(bench))
        assert len(relay.made) == 2
    await assert_sent_in_order(bench, 40)


@pytest.mark.apache
async def test_a_fatal_send_error_brings_a_new_producer_that_resumes_at_the_lowest_unsent_id(bench):
    """The real broker refuses a sequence number out of order; aiokafka alone stays stuck in it."""
    async with relaying(bench) as relay:
        await say(bench, range(20))
        await eventually(lambda: all_sent(bench))
        for number in range(TOPIC.partitions):
            partition = TopicPartition(bench.topic, number)
            relay.made[0]._txn_manager.increment_sequence_number(partition, 1000)
        await say(bench, range(20, 40))
        await eventually(lambda: all_sent(bench))
        assert len(relay.made) == 2
    await assert_sent_in_order(bench, 40)


async def test_a_lost_database_connection_brings_the_relay_back(bench):
    async with relaying(bench) as relay:
        await eventually(lambda: relay.active)
        await bench.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        await say(bench, range(20))
        await eventually(lambda: all_sent(bench))
    await assert_sent_in_order(bench, 20)


async def test_sessions_terminated_again_and_again_lose_nothing_and_the_relay_lives(bench):
    """Each time at another moment of the relay's work."""
    async with relaying(bench) as relay, AsyncExitStack() as stack:
        own = await stack.enter_async_context(bench.pool.acquire())
        for n in range(60):
            await patiently(lambda n=n: say(bench, [n]))
            await own.execute("""
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()""")
            assert not relay.task.done()
        await patiently(lambda: bench.count("outbox"))
        await eventually(lambda: all_sent(bench))
    published = await bench.published()
    assert sorted(set(ids(published))) == sorted(await sent_ids(bench))
    assert len(await sent_ids(bench)) == 60


async def patiently(work):
    """Until it succeeds: a failure of the database is the caller's to bear."""

    async def done() -> bool:
        try:
            await work()
        except DATABASE_ERRORS:
            return False
        return True

    await eventually(done)


async def test_of_two_relays_one_is_active_and_the_other_takes_over(bench):
    async with relaying(bench) as first:
        await eventually(lambda: first.active)
        async with relaying(bench) as second:
            await say(bench, range(50))
            await eventually(lambda: all_sent(bench))
            assert (first.active, second.active, second.made) == (True, False, [])
            first.task.cancel()
            await eventually(lambda: second.active)
            await say(bench, range(50, 60))
            await eventually(lambda: all_sent(bench))
    await assert_sent_in_order(bench, 60)


@pytest.mark.apache
async def test_outbox_sent_receives_exactly_the_acknowledged_rows(bench):
    """One topic takes no message of this size: its row stays, the others are moved."""
    await a_narrow_topic(bench)
    async with bench.store.transaction() as tx:
        event = a_request(name="narrow")
        await outbox.append(tx, [envelope(event, name="narrow")])
        await tx.execute("UPDATE outbox SET topic = 'narrow'")
    await say(bench, range(10))
    async with relaying(bench) as relay:
        await eventually(lambda: len(relay.made) >= 2)
        assert [row["topic"] for row in await bench.pool.fetch("SELECT * FROM outbox")] == [
            "narrow"
        ]
        await assert_sent_in_order(bench, 10)
        await widen(bench)
        await eventually(lambda: all_sent(bench))
    assert await bench.count("outbox_sent") == 11


@asynccontextmanager
async def an_admin(bench):
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.settings.kafka_bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


@asynccontextmanager
async def a_door(port, to_host, to_port):
    """A listener that passes bytes on; the broker then names its own address."""

    async def through(reader, writer):
        with suppress(OSError):
            while some := await reader.read(65536):
                writer.write(some)
                await writer.drain()
        writer.close()

    async def enter(reader, writer):
        inner_reader, inner_writer = await asyncio.open_connection(to_host, to_port)
        await asyncio.gather(through(reader, inner_writer), through(inner_reader, writer))

    server = await asyncio.start_server(enter, "127.0.0.1", port)
    async with server:
        yield


def _narrow(bench) -> str:
    return f"{bench.settings.kafka_topic_prefix}narrow"


async def a_narrow_topic(bench) -> None:
    async with an_admin(bench) as admin:
        topic = NewTopic(_narrow(bench), 1, 1, topic_configs={"max.message.bytes": "100"})
        await admin.create_topics([topic])


async def widen(bench) -> None:
    async with an_admin(bench) as admin:
        wide = {"max.message.bytes": "100000"}
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, _narrow(bench), configs=wide)]
        )


async def test_days_of_outbox_sent_are_made_and_dropped(deaf_bench):
    pool = deaf_bench.pool
    async with pool.acquire() as connection:
        await keep_partitions(connection, TODAY - timedelta(days=KEPT_DAYS + 1))
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
