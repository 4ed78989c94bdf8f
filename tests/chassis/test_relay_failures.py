"""The relay: nothing is lost or doubled, whatever dies: broker, producer, session, relay."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from chassis import outbox
from chassis.database import DATABASE_ERRORS

from tests.builders import a_request, envelope
from tests.chassis.bench import TOPIC, relaying
from tests.chassis.saying import all_sent, assert_sent_in_order, ids, say, sent_ids
from tests.waiting import eventually
from tools.stack.ports import free_port


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
