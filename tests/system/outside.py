"""What programs outside of ours do: SGO tells and asks, a subscriber hears everything."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from typing import Self
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from contracts import Envelope, Event, encode
from contracts.events import CertificateRequested, Requester, SgoUserChanged
from contracts.ids import user_id
from contracts.topics import Topic
from contracts.values import FullName, Person

from tests.builders import SCHOOL

SEND_S_MAX = 120


class Sgo:
    """SGO's own producer; `tell` returns when each is acknowledged, however long Kafka is away."""

    def __init__(self, kafka: str) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=kafka, acks="all", enable_idempotence=True,
            request_timeout_ms=SEND_S_MAX * 1000,
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def tell(self, *events: Event) -> None:
        waiting = []
        for event in events:
            record = encode(Envelope(event, uuid4(), "/sgo", datetime.now(UTC), "system-test"))
            sent = await self._producer.send(
                record.topic, record.value, key=record.key.encode(), headers=list(record.headers)
            )
            waiting.append(sent)
        await asyncio.gather(*waiting)


class Heard:
    """What a subscriber knows of each child: type → what was said, by its id."""

    def __init__(self) -> None:
        self.of: defaultdict[str, defaultdict[str, set[tuple[str, bytes]]]] = defaultdict(
            lambda: defaultdict(set)
        )

    def add(self, record: ConsumerRecord) -> None:
        known = self.of[record.key.decode()][header(record, "ce_type")]
        known.add((header(record, "ce_id"), record.value))


@asynccontextmanager
async def subscribed(kafka: str, *topics: Topic) -> AsyncIterator[Heard]:
    """All that a late subscriber hears, from the beginning on; it grows."""
    heard = Heard()
    async with AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False) as consumer:
        consumer.assign(_partitions(topics))
        await consumer.seek_to_beginning()
        listening = asyncio.create_task(_listen(consumer, heard))
        yield heard
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def _listen(consumer: AIOKafkaConsumer, heard: Heard) -> None:
    async for record in consumer:
        heard.add(record)


def _partitions(topics: Iterable[Topic]) -> list[TopicPartition]:
    return [TopicPartition(topic.name, n) for topic in topics for n in range(topic.partitions)]


async def all_on(kafka: str, *topics: Topic) -> list[ConsumerRecord]:
    """What is on these topics now, each partition in order."""
    async with AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False) as consumer:
        parts = _partitions(topics)
        consumer.assign(parts)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(parts)
        found: list[ConsumerRecord] = []
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
    return found


def header(record: ConsumerRecord, name: str) -> str:
    return next(raw.decode() for known, raw in record.headers if known == name)


def a_student(
    sgo_id: str, *, age: int = 15, last_name: str = "Проба", login: str | None = None
) -> SgoUserChanged:
    return SgoUserChanged(
        sgo_user_id=sgo_id,
        version=1,
        login=login,
        roles=("student",),
        person=Person(
            name=FullName(last_name=last_name, first_name="Проба"),
            birth_date=date(datetime.now(UTC).year - age - 1, 1, 1),
            enrolments=(SCHOOL,),
        ),
    )


def a_request(sgo_id: str) -> CertificateRequested:
    """The student asks for themselves."""
    child = user_id(sgo_id)
    return CertificateRequested(
        child_id=child,
        request_id=uuid4(),
        requester=Requester(user_id=child, role="student"),
        requested_at=datetime.now(UTC),
    )
