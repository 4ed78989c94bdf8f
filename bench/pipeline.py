"""Requests from Kafka to announced documents, on a running stack (`make up` in another terminal).

`python -m bench.pipeline [COUNT]`: makes COUNT students of 15 through SGO's topics, sends COUNT
requests at once and times until the last document is announced. Then 30 single requests, idle.
"""

import asyncio
import json
import platform
import statistics
import sys
import time
from datetime import UTC, date, datetime
from uuid import uuid4  # noqa: TID251  new children at each run

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from contracts import Envelope, Event, encode, topics
from contracts.events import CertificateRequested, Requester, SgoUserChanged
from contracts.ids import user_id
from contracts.values import Enrolment, FullName, OrganizationKind, Person, RequesterRole, SgoRole

from tools.stack.settings import load

COUNT = 20_000
SINGLES = 30
WAIT_S = 300.0
READY = b"document.credentials.ready"


def student(sgo_id: str) -> SgoUserChanged:
    enrolment = Enrolment(
        organization_id="bench-school", kind=OrganizationKind.school, name="Школа"
    )
    return SgoUserChanged(
        sgo_user_id=sgo_id,
        version=1,
        roles=(SgoRole.student,),
        person=Person(
            name=FullName(last_name="Проверочный", first_name="Ученик"),
            birth_date=date(datetime.now(UTC).year - 16, 1, 1),  # noqa: TID251
            enrolments=(enrolment,),
        ),
    )


def request(sgo_id: str) -> CertificateRequested:
    child = user_id(sgo_id)
    return CertificateRequested(
        child_id=child,
        request_id=uuid4(),
        requester=Requester(user_id=child, role=RequesterRole.student),
        requested_at=datetime.now(UTC),  # noqa: TID251
    )


async def send(producer: AIOKafkaProducer, events: list[Event]) -> None:
    acknowledged = []
    for event in events:
        now = datetime.now(UTC)  # noqa: TID251
        record = encode(Envelope(event, uuid4(), "/bench", now, "bench"))
        acknowledged.append(
            await producer.send(
                record.topic, record.value, key=record.key.encode(), headers=list(record.headers)
            )
        )
    await asyncio.gather(*acknowledged)


async def hear(consumer: AIOKafkaConsumer, wanted: set[bytes], event_type: bytes) -> None:
    """Until every key of `wanted` was heard."""
    deadline = time.monotonic() + WAIT_S
    while wanted:
        if time.monotonic() > deadline:
            raise SystemExit(f"{len(wanted)} were not heard of within {WAIT_S:.0f} s.")
        for records in (await consumer.getmany(timeout_ms=100)).values():
            for record in records:
                if dict(record.headers).get("ce_type") == event_type:
                    wanted.discard(record.key)


async def at_the_end(address: str, topic: str) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=address, auto_offset_reset="latest")
    await consumer.start()
    await consumer.seek_to_end()
    for partition in consumer.assignment():
        await consumer.position(partition)
    return consumer


async def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    address = json.loads((load().local / "demo.json").read_text())["kafka"]
    run = uuid4().hex[:8]
    names = [f"bench-{run}-{n}" for n in range(count + SINGLES)]
    keys = [str(user_id(name)).encode() for name in names]
    producer = AIOKafkaProducer(bootstrap_servers=address, acks="all", enable_idempotence=True)
    await producer.start()
    people = await at_the_end(address, topics.IDENTITY_USERS.name)
    documents = await at_the_end(address, topics.DOCUMENTS.name)
    try:
        started = time.perf_counter()
        await send(producer, [student(name) for name in names])
        await hear(people, set(keys), b"user.registered")
        print(f"{len(names) / (time.perf_counter() - started):8,.0f} users/s, SGO to identity")
        await asyncio.sleep(5)  # the readers of identity's topics catch up
        started = time.perf_counter()
        await send(producer, [request(name) for name in names[:count]])
        await hear(documents, set(keys[:count]), READY)
        took = time.perf_counter() - started
        print(f"{count / took:8,.0f} certificates/s from Kafka, {count} in {took:.2f} s")
        print(await singles(producer, documents, names[count:], keys[count:]))
    finally:
        for client in (people, documents, producer):
            await client.stop()
    print(f"{platform.python_version()} on {platform.machine()}")


async def singles(
    producer: AIOKafkaProducer, documents: AIOKafkaConsumer, names: list[str], keys: list[bytes]
) -> str:
    """One at a time on an idle system: request sent to document announced."""
    await asyncio.sleep(2)
    waits = []
    for name, key in zip(names, keys, strict=True):
        started = time.perf_counter()
        await send(producer, [request(name)])
        await hear(documents, {key}, READY)
        waits.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0.1)
    waits.sort()
    return f"idle latency, ms: p50 {statistics.median(waits):.0f}, max {waits[-1]:.0f}"


if __name__ == "__main__":
    asyncio.run(main())
