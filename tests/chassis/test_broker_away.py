"""A broker that hangs or is gone: nothing is lost meanwhile, and stopping has an end."""

import asyncio
import gc
import signal
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiokafka.errors import KafkaError
from chassis import broker, relay, server, service
from chassis.topics import ensure
from contracts import topics

from tests.chassis.bench import TOPIC, Settings, relaying
from tests.chassis.conftest import a_bench
from tests.chassis.saying import all_sent, say
from tests.processes import Child, a_child, environment
from tests.servers import KafkaToHarm
from tests.waiting import eventually

pytestmark = [
    pytest.mark.apache,
    # A connect cancelled half way leaves its socket to the collector: aiokafka's, at a stop.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
    ),
]
BACK_S_MAX = 90.0  # a broker that was killed or hung may need long where the machine is busy
STOP_S_MAX = 90.0  # the same; whether a stop kept its bounds is told by the code 0


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
    await eventually(lambda: makes_topics(settings), within_s=BACK_S_MAX)
    return await a_bench(settings, migrated)


async def makes_topics(settings) -> bool:
    """A broker accepts connections before it has a controller."""
    try:
        await ensure(settings, {TOPIC, topics.CERTIFICATES})
    except KafkaError:
        return False
    return True


async def test_a_broker_that_hangs_is_given_up_and_all_is_sent_when_it_goes_on(
    harmed, its_bench, monkeypatch
):
    """It accepts connections and never answers; aiokafka's idempotent producer waits for ever."""
    async with relaying(its_bench) as at_work:
        await say(its_bench, range(20))
        await eventually(lambda: all_sent(its_bench), within_s=BACK_S_MAX)
        harmed.send(signal.SIGSTOP)
        made = len(at_work.made)
        with monkeypatch.context() as impatient:  # only while nobody answers, however patiently
            impatient.setattr(relay, "REQUEST_TIMEOUT_MS", 500)
            impatient.setattr(relay, "SEND_S_MAX", 0.5)
            impatient.setattr(relay, "STOP_S_MAX", 0.5)
            await say(its_bench, range(20, 40))
            await eventually(lambda: len(at_work.made) > made)
        assert await its_bench.count("outbox") == 20
        harmed.send(signal.SIGCONT)
        await eventually(lambda: all_sent(its_bench), within_s=BACK_S_MAX)
        assert [sends(one) for one in at_work.made[:-1]].count(True) == 0
    records = await its_bench.published()
    assert len({dict(record.headers)["ce_id"] for record in records}) == 40


def sends(producer) -> bool:
    """Whether it would go on trying, beside the one that took its place."""
    task = producer._sender.sender_task
    return task is not None and not task.done()


async def test_consumer_and_relay_stop_though_the_broker_is_gone(harmed, its_bench, monkeypatch):
    monkeypatch.setattr(broker, "STOP_S_MAX", 0.5)
    monkeypatch.setattr(relay, "STOP_S_MAX", 0.5)
    async with AsyncExitStack() as both:
        consume = its_bench.consumer().consume
        subscriber = await both.enter_async_context(its_bench.hearing(consume))
        at_work = await both.enter_async_context(relaying(its_bench))
        await eventually(
            lambda: at_work.active and subscriber.consumer.assignment(), within_s=BACK_S_MAX
        )
        await harmed.end()
        await say(its_bench, range(5))
        await asyncio.wait_for(both.aclose(), STOP_S_MAX)
    assert await its_bench.count("outbox") == 5


def test_a_stop_has_time_for_open_requests_consumers_and_relay_within_30_s():
    """RELIABILITY, fault matrix: SIGTERM. The parts are bounded each, and so is the whole."""
    assert service.CONSUMERS_STOP_S_MAX + relay.STOP_S_MAX < server.STOP_S_MAX
    assert server.REQUESTS_S_MAX + server.STOP_S_MAX < 30
    assert broker.STOP_S_MAX < service.CONSUMERS_STOP_S_MAX


QUICKLY = """
import runpy
from chassis import broker, relay, server, service
broker.STOP_S_MAX = relay.STOP_S_MAX = 0.5
service.CONSUMERS_STOP_S_MAX = 1.0
runpy.run_module("{name}.main", run_name="__main__")
"""


async def test_each_service_ends_with_code_0_though_its_broker_hangs_or_is_dead(
    harmed, postgres_server, migrated_url, tmp_path
):
    """What waits for a broker waits shorter than in earnest.

    The bound of the whole is as it is: a stop that takes longer ends with another code.
    """
    async with AsyncExitStack() as stack:

        async def started(name: str) -> Child:
            told = environment(await migrated_url(name), postgres_server.password, harmed.address)
            command = ["-c", QUICKLY.format(name=name)]
            child = a_child(name, told, tmp_path, command=command)
            return await stack.enter_async_context(child)

        identity, documents, certificates = await asyncio.gather(
            *map(started, ("identity", "documents", "certificates"))
        )
        harmed.send(signal.SIGSTOP)
        assert (await identity.get("/health/live")).status_code == 200
        ready = await identity.get("/health/ready")
        assert (ready.status_code, ready.json()["problems"]) == (503, ["kafka: does not answer"])
        ended = (child.stopped_by(signal.SIGTERM, STOP_S_MAX) for child in (identity, documents))
        assert await asyncio.gather(*ended) == [0, 0]
        await harmed.end()
        assert await certificates.stopped_by(signal.SIGTERM, STOP_S_MAX) == 0
