"""Stopping has an end, also while the broker is away."""

import asyncio
import gc
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from chassis.service import STOP_S_MAX
from chassis.topics import ensure
from contracts import topics

from tests.chassis.bench import TOPIC, Settings, relaying
from tests.chassis.conftest import a_bench
from tests.chassis.test_relay import say
from tests.servers import a_kafka
from tests.waiting import eventually


# A connect cancelled half way leaves its socket to the collector: aiokafka's, in a stop only.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)
async def test_consumer_and_relay_stop_within_the_bound_though_the_broker_is_gone(
    settings_for, migrated
):
    async with AsyncExitStack() as broker, AsyncExitStack() as service:
        folder = broker.enter_context(tempfile.TemporaryDirectory())
        server = await broker.enter_async_context(a_kafka(Path(folder)))
        settings = settings_for(Settings, kafka_bootstrap=server.address)
        await ensure(settings, {TOPIC, topics.CERTIFICATES})
        bench = await a_bench(settings, migrated)
        consume = bench.consumer().consume
        subscriber = await service.enter_async_context(bench.hearing(consume))
        relay = await service.enter_async_context(relaying(bench))
        await eventually(lambda: relay.active and subscriber.consumer.assignment())
        await broker.aclose()
        await say(bench, range(5))
        await asyncio.wait_for(service.aclose(), STOP_S_MAX)
    assert await bench.count("outbox") == 5
    gc.collect()
