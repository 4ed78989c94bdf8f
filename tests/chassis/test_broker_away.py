"""A broker that hangs or is gone: nothing is lost meanwhile, and stopping has an end."""

import asyncio
import gc
import signal
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest
from chassis import relay
from chassis.service import STOP_S_MAX
from chassis.topics import ensure
from contracts import topics

from tests.chassis.bench import TOPIC, Settings, relaying
from tests.chassis.conftest import a_bench
from tests.chassis.test_relay import all_sent, say
from tests.processes import a_child, environment
from tests.servers import KafkaToHarm
from tests.waiting import eventually
from tools.stack.settings import SERVICES

pytestmark = [
    pytest.mark.apache,
    # A connect cancelled half way leaves its socket to the collector: aiokafka's, at a stop.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
    ),
]
PROCESS_STOP_S_MAX = 30.0  # RELIABILITY, fault matrix: SIGTERM


@pytest.fixture(scope="module")
async def kafka_to_harm():
    with tempfile.TemporaryDirectory(prefix="kafka-", ignore_cleanup_errors=True) as folder:
        kafka = KafkaToHarm(Path(folder))
        yield kafka
        await kafka.end()


@pytest.fixture
async def harmed(kafka_to_harm) -> KafkaToHarm:
    await kafka_to_harm.ensure()
    return kafka_to_harm


@pytest.fixture(autouse=True)
def collected():
    """What is left to the collector is collected while it is expected."""
    yield
    gc.collect()


@pytest.fixture
async def its_bench(harmed, topic_prefix, settings_for, migrated):
    settings = settings_for(
        Settings, kafka_bootstrap=harmed.address, kafka_topic_prefix=topic_prefix
    )
    await ensure(settings, {TOPIC, topics.CERTIFICATES})
    return await a_bench(settings, migrated)


async def test_a_broker_that_hangs_is_given_up_and_all_is_sent_when_it_goes_on(
    harmed, its_bench, monkeypatch
):
    """It accepts connections and never answers; aiokafka's idempotent producer waits for ever."""
    monkeypatch.setattr(relay, "REQUEST_TIMEOUT_MS", 1000)
    monkeypatch.setattr(relay, "SEND_S_MAX", 1.0)
    async with relaying(its_bench) as at_work:
        await say(its_bench, range(20))
        await eventually(lambda: all_sent(its_bench))
        harmed.send(signal.SIGSTOP)
        await say(its_bench, range(20, 40))
        await eventually(lambda: len(at_work.made) >= 2)
        assert await its_bench.count("outbox") == 20
        harmed.send(signal.SIGCONT)
        await eventually(lambda: all_sent(its_bench))
    records = await its_bench.published()
    assert len({dict(record.headers)["ce_id"] for record in records}) == 40


async def test_consumer_and_relay_stop_within_the_bound_though_the_broker_is_gone(
    harmed, its_bench
):
    async with AsyncExitStack() as service:
        consume = its_bench.consumer().consume
        subscriber = await service.enter_async_context(its_bench.hearing(consume))
        at_work = await service.enter_async_context(relaying(its_bench))
        await eventually(lambda: at_work.active and subscriber.consumer.assignment())
        await harmed.end()
        await say(its_bench, range(5))
        await asyncio.wait_for(service.aclose(), STOP_S_MAX)
    assert await its_bench.count("outbox") == 5


@pytest.fixture
def databases(postgres_server, database_url):
    """A fresh database for each service."""
    urls = {name: f"{database_url}_{name}" for name in SERVICES}
    known = {"password": postgres_server.password, "autocommit": True}
    with psycopg.connect(f"{postgres_server.url}/postgres", **known) as tx:
        for url in urls.values():
            tx.execute(f"CREATE DATABASE {url.rpartition('/')[2]}")
    return urls


async def test_each_service_stops_within_30_s_though_its_broker_hangs_or_is_dead(
    harmed, postgres_server, databases, tmp_path
):
    async with AsyncExitStack() as stack:
        children = {}
        for name, url in databases.items():
            told = environment(url, postgres_server.password, harmed.address)
            children[name] = await stack.enter_async_context(a_child(name, told, tmp_path))
        harmed.send(signal.SIGSTOP)
        assert (await children["identity"].get("/health/live")).status_code == 200
        ready = await children["identity"].get("/health/ready")
        assert (ready.status_code, ready.json()["problems"]) == (503, ["kafka: does not answer"])
        hung = [children["identity"], children["documents"]]
        ended = (child.stopped_by(signal.SIGTERM, PROCESS_STOP_S_MAX) for child in hung)
        assert await asyncio.gather(*ended) == [0, 0]
        await harmed.end()
        assert await children["certificates"].stopped_by(signal.SIGTERM, PROCESS_STOP_S_MAX) == 0
