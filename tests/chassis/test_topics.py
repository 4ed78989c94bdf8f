"""The topics that a service makes are as the contracts say."""

import pytest
from aiokafka import AIOKafkaProducer


@pytest.mark.apache
async def test_the_time_of_a_request_is_the_brokers_whatever_its_writers_clock_says(bench):
    """`requested_at` is held against it: a writer whose clock is wrong would have both wrong."""
    record = bench.record(1)
    async with AIOKafkaProducer(bootstrap_servers=bench.settings.kafka_bootstrap) as producer:
        await producer.send_and_wait(
            record.topic, record.value, record.key, timestamp_ms=1, headers=list(record.headers)
        )
    (heard,) = await bench.published()
    assert heard.timestamp > 1_700_000_000_000
