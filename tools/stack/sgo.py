"""SGO's voice: what SGO would say of its users, said on SGO's topics by a plain Kafka producer."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from chassis import clock
from contracts import Envelope, Event, encode
from contracts.ids import derived

SOURCE = "/sgo"


async def tell(bootstrap: str, events: Sequence[Event]) -> None:
    """Send the events and wait until Kafka has them all. Raises aiokafka's KafkaError."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        sent = [await _send(producer, event) for event in events]
        for acknowledged in sent:
            await acknowledged
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, event: Event):  # type: ignore[no-untyped-def]  # noqa: ANN202  aiokafka has no types
    envelope = Envelope(
        event=event,
        id=derived(event.model_dump_json(), f"{SOURCE}:{event.TYPE}"),
        source=SOURCE,
        time=clock.now(),
        correlation_id=f"sgo-{event.key}",
    )
    record = encode(envelope)
    return await producer.send(
        record.topic, record.value, key=record.key.encode(), headers=record.headers
    )
