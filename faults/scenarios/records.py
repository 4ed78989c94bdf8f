"""What comes on the topics: poison, facts in the wrong order, everything once more."""

import asyncio
import hashlib
import signal
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from chassis.queries import load
from contracts import Record, topics
from contracts.events import CertificateRequested, Requester, SgoChildLinkChanged
from contracts.ids import user_id
from contracts.values import RequesterRole, SgoRole

from bench import people
from faults import gathering
from faults.history import Ask, Place
from faults.scenario import RATE_PER_S, Stage, scenario
from tools.stack.settings import SERVICES

DELAY_S_MAX = 5.0
CHASSIS = load("chassis")
NOTED = {"counts", "count_changes"}  # a note moves from one to the other: their sum is compared
Headers = list[tuple[str, bytes]]


class Raw(NamedTuple):
    """A record as it goes out, whatever stands in it."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers


def _raw(record: Record, **headers: bytes | None) -> Raw:
    """With other headers, or without one."""
    kept = {name: raw for name, raw in {**dict(record.headers), **headers}.items() if raw}
    return Raw(record.topic, record.key.encode(), record.value, list(kept.items()))


def _poison() -> Mapping[str, Raw]:
    """The poison set on the requests' topic; each is a good request but for one thing."""

    def spoiled(value: bytes | None = None, **headers: bytes | None) -> Raw:
        good = _raw(people.record(people.request(uuid4())), **headers)
        return good if value is None else good._replace(value=value)

    return {
        "bad JSON": spoiled(b"{not json"),
        "no text": spoiled(b"\xff\xfe"),
        "a wrong schema": spoiled(b'{"child_id": 7}'),
        "a header that is no text": spoiled(ce_type=b"\xff\xfe"),
        "no type": spoiled(ce_type=None),
        "an unknown type": spoiled(ce_type=b"certificate.eaten"),
        "a megabyte": spoiled(b"x" * 1_000_000),
        "a tombstone where nothing is erased": spoiled()._replace(value=None),
    }


async def _told(stage: Stage, record: Raw) -> Place:
    async with AIOKafkaProducer(
        bootstrap_servers=stage.lab.kafka, max_request_size=2_000_000
    ) as producer:
        sent = await producer.send_and_wait(
            record.topic, record.value, record.key, headers=record.headers
        )
    return sent.topic, sent.partition, sent.offset


@scenario("poison set")
async def poison_set(stage: Stage) -> str:
    """Each kind amid good requests: kept once, and the neighbours hardly wait."""
    waits = []
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(stage.times):
            for what, record in _poison().items():
                await asyncio.sleep(stage.chance.uniform(0.5, 1.5))
                place = await _told(stage, record)
                stage.poison.append(place)
                stage.harms += 1
                began = time.monotonic()
                await _passed(stage, place)
                waits.append((time.monotonic() - began, what))
        replies = people.record(people.request(user_id(stage.load.fresh())))
        where = topics.CERTIFICATES.name.encode()
        await _told(stage, _raw(replies, reply_to=where))  # refused after its patience
    slowest, what = max(waits)
    words = f"what follows on {what} waited {slowest:.1f} s"
    stage.expect(slowest <= DELAY_S_MAX, "I9", words)
    return f"{stage.harms} records and one with reply_to, a neighbour waited {slowest:.2f} s"


async def _passed(stage: Stage, place: Place) -> None:
    """Until the group has acknowledged it. Raises TimeoutError after a minute."""
    topic, partition, offset = place
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.lab.kafka)
    await admin.start()
    try:
        async with asyncio.timeout(60):
            while True:
                known = await admin.list_consumer_group_offsets(f"certificates.{topic}")
                at = known.get(TopicPartition(topic, partition))
                if at and at.offset > offset:
                    return
                await asyncio.sleep(0.05)
    finally:
        await admin.close()


@scenario("child before parent, cross-topic races")
async def child_before_parent(stage: Stage) -> str:
    """The request, the link, the child, the parent: told in a random order, all at once."""
    families = 1000 * stage.times
    async with AIOKafkaProducer(bootstrap_servers=stage.lab.kafka, acks="all") as producer:
        for n in range(families):
            parent, child = stage.load.fresh(), stage.load.fresh()
            asked = CertificateRequested(
                child_id=user_id(child), request_id=uuid4(), requested_at=datetime.now(UTC),
                requester=Requester(user_id=user_id(parent), role=RequesterRole.parent),
            )  # fmt: skip
            mother = people.student(parent).model_copy(update={"roles": (SgoRole.parent,)})
            link = SgoChildLinkChanged(
                sgo_parent_id=parent, sgo_child_id=child, version=1, linked=True
            )
            records = [people.record(one) for one in (asked, link, people.student(child), mother)]
            if n % 2:
                stage.chance.shuffle(records)
            await people.send(producer, records)
            id_ = str(asked.request_id)
            stage.load.asks[id_] = Ask(id_, str(asked.child_id), "family", answered=True)
            stage.harms += 1
    await gathering.healed(stage.lab)
    refused = await _refused(stage)
    stage.expect(not refused, "I1", f"{refused} of {families} were refused for a fact that came")
    return f"{families} families, told in the wrong order"


async def _refused(stage: Stage) -> int:
    connection = await asyncpg.connect(stage.lab.databases["certificates"])
    try:
        query = "SELECT count(*) FROM certificate_requests WHERE status = 'refused'"
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


@scenario("full replay: offsets to the start")
async def full_replay(stage: Stage) -> str:
    """Every group hears everything once more, and no row of any table has changed."""
    await stage.load.run(RATE_PER_S * 2, 400)
    await stage.load.over()
    await gathering.healed(stage.lab)
    before = await _digests(stage)
    for service in SERVICES:
        await stage.lab.parts[service].down(signal.SIGTERM)
    groups = await _to_the_start(stage)
    for service in SERVICES:
        await stage.lab.parts[service].begin()
        await stage.back(service)
    await gathering.healed(stage.lab)
    changed = [name for name, digest in (await _digests(stage)).items() if before[name] != digest]
    stage.expect(not changed, "I2", f"changed by a replay: {', '.join(changed)}")
    return f"{groups} groups heard all again, {len(before)} tables compared"


async def _to_the_start(stage: Stage) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.lab.kafka)
    await admin.start()
    try:
        groups = [group for group, *_ in await admin.list_consumer_groups()]
        for group in groups:
            parts = list(await admin.list_consumer_group_offsets(group))
            if not parts:  # its topic is empty
                continue
            async with AIOKafkaConsumer(
                bootstrap_servers=stage.lab.kafka, group_id=group, enable_auto_commit=False
            ) as consumer:
                consumer.assign(parts)
                await consumer.commit(dict.fromkeys(parts, 0))
    except KafkaError:
        stage.expect(holds=False, invariant="I2", words="the offsets could not be set")
        return 0
    finally:
        await admin.close()
    return len(groups)


async def _digests(stage: Stage) -> dict[str, str]:
    """Of every table, over its rows in the order of their text."""
    found = {}
    for service, url in stage.lab.databases.items():
        connection = await asyncpg.connect(url)
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname='public'")
        for (table,) in tables:
            if table.startswith(("_yoyo", "yoyo")) or table in NOTED:
                continue
            found[f"{service}.{table}"] = await _digest(connection, f"SELECT * FROM {table}")
        found[f"{service}: counts"] = await _digest(connection, CHASSIS["counts"])
        await connection.close()
    return found


async def _digest(connection: "asyncpg.Connection[asyncpg.Record]", query: str) -> str:
    rows = await connection.fetch(f"SELECT t::text FROM ({query}) AS t ORDER BY 1")
    return hashlib.sha256("\n".join(row[0] for row in rows).encode()).hexdigest()


@scenario("same id, other payload")
async def same_id_other_payload(stage: Stage) -> str:
    """A second event under an id that was used is refused, kept, and changes nothing."""
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(20 * stage.times):
            good = people.record(people.request(user_id(stage.load.fresh())))
            await _passed(stage, await _told(stage, _raw(good)))
            other = people.record(people.request(user_id(stage.load.fresh())))
            forged = _raw(other, ce_id=dict(good.headers)["ce_id"])
            stage.poison.append(await _told(stage, forged))
            stage.harms += 1
    return f"{stage.harms} forged records"
