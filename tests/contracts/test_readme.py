"""The README's subscriber, run as it stands there."""

import json

from tests.contracts.corpus import load
from tests.contracts.examples import (
    README,
    example,
    first_lines,
    make,
    sample,
    say_odd_ones,
    saying,
)

HISTORY = ("certificate.issued", "certificate.activated", "certificate.suspended")


async def test_a_subscriber_that_starts_late_bears_odd_records_and_sees_all_in_order(
    kafka: str, topic_prefix: str
) -> None:
    topic = topic_prefix + "certificates.v1"
    addresses = {
        "127.0.0.1:19092": kafka, "certificates.v1": topic, "my-system": topic_prefix + "late"
    }  # fmt: skip
    await make(kafka, topic)
    async with saying(kafka, topic) as say:
        await say_odd_ones(say, HISTORY[0])
        for kind in HISTORY:
            record = load(sample(kind))
            await say(record["key"], json.dumps(record["value"]).encode(), record["headers"])
    lines = await first_lines(example(README, "AIOKafkaConsumer", addresses), len(HISTORY))
    assert [line.split()[0] for line in lines] == list(HISTORY)
    assert [line.split()[1] for line in lines] == [load(sample(kind))["key"] for kind in HISTORY]


def test_it_can_be_read_at_one_sitting() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 150
