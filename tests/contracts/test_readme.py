"""The README's subscriber, run as it stands there."""

import asyncio
import json
import re
import sys
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.contracts.corpus import HERE, load

README = Path(__file__).parents[2] / "README.md"
HISTORY = ("certificate.issued", "certificate.activated", "certificate.suspended")
DEADLINE_S = 60


async def test_a_subscriber_that_starts_late_sees_a_certificates_history_in_order(
    kafka: str, topic_prefix: str
) -> None:
    topic = topic_prefix + "certificates.v1"
    await make(kafka, topic)
    await say(kafka, topic)
    lines = await first_lines(subscriber(kafka, topic, group=topic_prefix + "late"), len(HISTORY))
    assert [line.split()[0] for line in lines] == list(HISTORY)
    assert [line.split()[1] for line in lines] == [load(sample(kind))["key"] for kind in HISTORY]


def sample(kind: str) -> Path:
    return HERE / "samples" / f"{kind}.v1.full.json"


def subscriber(kafka: str, topic: str, *, group: str) -> str:
    """The code of the README with the test's addresses."""
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    for written, ours in (
        ("127.0.0.1:19092", kafka),
        ("certificates.v1", topic),
        ("my-system", group),
    ):
        assert code.count(written) == 1
        code = code.replace(written, ours)
    return str(code)


async def make(kafka: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name=topic, num_partitions=3, replication_factor=1)])
    await admin.close()


async def say(kafka: str, topic: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        for kind in HISTORY:
            record = load(sample(kind))
            await producer.send_and_wait(
                topic,
                json.dumps(record["value"]).encode(),
                key=record["key"].encode(),
                headers=[(name, text.encode()) for name, text in record["headers"].items()],
            )


async def first_lines(code: str, count: int) -> list[str]:
    """What the program prints first; it is ended then."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        async with asyncio.timeout(DEADLINE_S):
            return [(await process.stdout.readline()).decode() for _ in range(count)]
    finally:
        process.kill()
        await process.wait()
