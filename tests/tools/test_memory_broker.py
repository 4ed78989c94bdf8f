"""The in-memory broker is good enough for a look: topics are there, and events go round."""

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chassis.settings import ServiceSettings
from chassis.topics import ensure
from contracts import topics

from tests.servers import running
from tools.stack.broker_choice import memory_program


async def test_events_go_round_where_topics_cannot_be_made(tmp_path, settings_for):
    async with running(memory_program(tmp_path)):
        address = (tmp_path / "memory-broker").read_text()
        await ensure(
            settings_for(ServiceSettings, kafka_bootstrap=address, http_port=0), topics.TOPICS
        )
        async with (
            AIOKafkaProducer(bootstrap_servers=address) as producer,
            AIOKafkaConsumer(
                topics.CERTIFICATES.name, bootstrap_servers=address, group_id="test",
                auto_offset_reset="earliest", fetch_max_wait_ms=10,
            ) as consumer,
        ):  # fmt: skip
            await producer.send_and_wait(topics.CERTIFICATES.name, b"value", key=b"child")
            record = await consumer.getone()
    assert (record.key, record.value) == (b"child", b"value")
