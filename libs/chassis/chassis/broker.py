"""FastStream with our defaults; each one closes a trap that its own default leaves open.

NACK_ON_ERROR: nothing else keeps a failed batch. earliest: a new group reads history. A parser
that cannot fail: FastStream's own skips a batch with one header that is not UTF-8. no_reply: a
`reply_to` header is not an order. No FastDepends: validation errors would log the payload.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import TopicPartition
from contracts.topics import Topic
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from chassis import failpoint
from chassis.records import RawRecord
from chassis.settings import ServiceSettings

STOP_S_MAX = 10.0
BATCH_RECORDS_MAX = 500
BATCH_TIMEOUT_MS = 10  # after an empty poll FastStream sleeps this long, deaf to new records

OnBatch = Callable[[Sequence[RawRecord]], Awaitable[None]]


class _Message(KafkaAckableMessage):
    """A batch that is acknowledged between two failpoints."""

    async def ack(self) -> None:
        failpoint.passing("consumer", "before-ack")
        await super().ack()
        failpoint.passing("consumer", "after-ack")


def make_broker(settings: ServiceSettings) -> KafkaBroker:
    """A broker that only consumes: what we say goes through the outbox and its relay."""
    return KafkaBroker(
        settings.kafka_bootstrap.split(","),  # a text is taken for one address, commas and all
        ack_policy=AckPolicy.NACK_ON_ERROR,
        graceful_timeout=STOP_S_MAX,
        apply_types=False,
        consumer_only=True,
        allow_auto_create_topics=False,
        logger=logging.getLogger("chassis.kafka"),
    )


def group_of(settings: ServiceSettings, service: str, topic: str) -> str:
    """The consumer group in which a service hears a topic."""
    return f"{settings.kafka_topic_prefix}{service}.{topic}"


def hear(
    broker: KafkaBroker,
    settings: ServiceSettings,
    *,
    group: str,
    topic: Topic,
    on_batch: OnBatch,
    working: dict[TopicPartition, int] | None = None,
) -> Any:
    """Consume a topic in batches; returns the subscriber, for the watchdog to look at.

    `working` is told where the batch that is not finished begins on each partition: the consumer's
    own position stands behind it from the moment it was fetched, also if it fails for ever.
    """
    unfinished = {} if working is None else working
    subscriber = broker.subscriber(
        settings.kafka_topic_prefix + topic.name,
        group_id=group_of(settings, group, topic.name),
        batch=True,
        max_records=BATCH_RECORDS_MAX,
        batch_timeout_ms=BATCH_TIMEOUT_MS,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=settings.kafka_fetch_max_wait_ms,
        session_timeout_ms=settings.kafka_session_timeout_ms,
        heartbeat_interval_ms=settings.kafka_session_timeout_ms // 3,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        no_reply=True,
    )

    async def as_it_came(records: Any) -> KafkaAckableMessage:
        return _Message(body=b"", raw_message=records, consumer=subscriber.consumer)

    async def not_decoded(message: Any) -> Any:
        return message.raw_message

    async def handle(records: Any) -> None:  # FastStream builds a model of the annotations
        begins: dict[TopicPartition, int] = {}
        for record in records:
            begins.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        unfinished.update(begins)
        await on_batch(records)
        for partition in begins:
            unfinished.pop(partition, None)

    subscriber(handle, parser=as_it_came, decoder=not_decoded)
    return subscriber
