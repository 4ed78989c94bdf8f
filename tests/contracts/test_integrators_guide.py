"""The integrators' guide: its programs run, its values are the published samples."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from chassis.batches import Consumer
from chassis.handlers import by_event
from chassis.outbox import Store
from contracts import EVENTS, topics
from contracts.ids import user_id
from identity import consumers
from identity.settings import Settings

from tests.contracts.corpus import load
from tests.contracts.examples import (
    GUIDE,
    ROOT,
    example,
    first_lines,
    make,
    run,
    sample,
    say_odd_ones,
    saying,
)
from tests.doors import said

TEXT = GUIDE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```json ([\w.-]+)\n(.*?)```", TEXT, re.DOTALL)
ROWS = re.findall(r"^\| `([\w.-]+)`[^|]*\|[^|]*\| `(\{.*\})` \|$", TEXT, re.MULTILINE)
STATE = ("child_id", "certificate_id", "version", "number", "status", "valid_from", "valid_until")


def value(kind: str) -> dict[str, Any]:
    return dict(load(sample(kind))["value"])


@pytest.mark.parametrize(("kind", "block"), BLOCKS, ids=[kind for kind, _ in BLOCKS])
def test_a_value_in_the_guide_is_the_published_sample(kind: str, block: str) -> None:
    assert json.loads(block) == value(kind)


@pytest.mark.parametrize(("kind", "fields"), ROWS, ids=[kind for kind, _ in ROWS])
def test_a_row_of_the_guide_names_all_that_comes_besides_the_state(kind: str, fields: str) -> None:
    whole = value(kind)
    assert json.loads(fields) == {k: v for k, v in whole.items() if k not in STATE}
    assert set(STATE) < whole.keys()


@pytest.mark.parametrize("model", EVENTS.values(), ids=EVENTS.keys())
def test_each_event_that_an_integrator_may_meet_is_explained(model: Any) -> None:
    if model.TOPIC not in (topics.IDENTITY_USERS, topics.IDENTITY_CHILD_LINKS):
        assert f"`{model.TYPE}`" in TEXT or model.TYPE in dict(BLOCKS) or f'"{model.TYPE}"' in TEXT


@pytest.mark.parametrize("topic", topics.TOPICS, ids=lambda topic: topic.name)
def test_each_topic_is_listed(topic: Any) -> None:
    assert f"`{topic.name}`" in TEXT


def test_each_reason_to_be_put_into_quarantine_is_explained() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("libs", "services")
        for path in (ROOT / folder).rglob("*.py")
    )
    reasons = set(re.findall(r'(?:Unreadable\(|return |item, |record, )f?"(\w+): ', code))
    assert {"bad_event", "wrong_topic", "forged", "login_taken"} <= reasons
    for reason in reasons:
        assert f"`{reason}`" in TEXT, reason


@pytest.mark.apache
async def test_the_subscriber_drops_repetitions_sees_gaps_and_ignores_what_it_does_not_know(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    topic, group = topic_prefix + "certificates.v1", topic_prefix + "mine"
    code = example(
        GUIDE,
        "AIOKafkaConsumer",
        {"127.0.0.1:19092": kafka, "certificates.v1": topic, "my-ledger": group},
    )
    first = load(sample("certificate.issued"))
    kinds = ["issued", "issued", "activated", "refused", "resumed"]
    await make(kafka, topic)
    async with saying(kafka, topic) as say:
        await say_odd_ones(say, "certificate.issued")
        for kind in kinds:
            one = load(sample(f"certificate.{kind}"))
            more = json.dumps(one["value"] | {"of_tomorrow": [1]}).encode()
            await say(first["key"], more, one["headers"])
        unknown = first["headers"] | {"ce_type": "certificate.praised", "ce_id": "praise"}
        await say(first["key"], b'{"praise": "high"}', unknown)
    lines = await first_lines(code, 7, tmp_path)
    assert [line.split()[0] for line in lines] == [
        *(f"certificate.{kind}" for kind in kinds[:4]),
        "gap:",
        "certificate.resumed",
        "certificate.praised",
    ]
    with sqlite3.connect(tmp_path / "my-system.db") as db:
        rows = db.execute("SELECT version, number, status FROM certificates").fetchall()
        assert rows == [(4, first["value"]["number"], "active")]
        assert db.execute("SELECT count(*) FROM seen").fetchone() == (5,)
    db.close()
    assert await committed(kafka, topic, group) == 9


async def committed(kafka: str, topic: str, group: str) -> int:
    async with AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group) as consumer:
        parts = [TopicPartition(topic, number) for number in range(3)]
        return sum([await consumer.committed(part) or 0 for part in parts])


@pytest.mark.apache
async def test_what_the_producer_writes_registers_a_user(
    kafka: str, topic_prefix: str, settings_for, migrated
) -> None:
    topic = topic_prefix + "sgo.users.v1"
    await make(kafka, topic)
    code = example(GUIDE, "AIOKafkaProducer", {"127.0.0.1:19092": kafka, "sgo.users.v1": topic})
    await run(code)
    await run(code)  # the same event has the same id
    settings = settings_for(Settings)
    pool = await migrated(settings, "identity")
    handlers = by_event(consumers.handlers(), topic_prefix)
    door = Consumer(Store(pool), handlers, settings.key_bytes, topic_prefix)
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, auto_offset_reset="earliest"
    ) as consumer:
        records = [await consumer.getone() for _ in range(2)]
    assert records[0].partition == records[1].partition
    await door.consume(records)
    assert [(one.kind, one.key) for one in await said(pool)] == [
        ("user.registered", str(user_id("4711")))
    ]
    assert await pool.fetchval("SELECT login FROM users") == "ivanov-ii"
    assert await pool.fetchval("SELECT count(*) FROM quarantine") == 0


async def test_a_users_id_can_be_computed_by_anybody() -> None:
    assert await run(example(GUIDE, "import UUID, uuid5", {})) == str(user_id("4711"))
    assert value("certificate.issued")["child_id"] == str(user_id("4711"))


async def test_a_value_can_be_checked_with_its_schema() -> None:
    await run(example(GUIDE, "jsonschema", {}))
