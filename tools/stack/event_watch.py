"""Prints each event of the outside world's topics as it happens, with the time since the press."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from contracts import Event, Received, Tombstone, Unreadable, decode, topics
from contracts.topics import Topic

WATCHED: Final[tuple[Topic, ...]] = (
    topics.CERTIFICATE_REQUESTS,
    topics.CERTIFICATES,
    topics.DOCUMENTS,
)
_SHOWN: Final = ("number", "status", "valid_until", "codes", "reason", "digest")
_WIDTH: Final = 26


class EventWatch:
    """A plain consumer without a group, as any outside program could be."""

    def __init__(self, bootstrap: str, say: Callable[[str], None]) -> None:
        self.say = say
        self.pressed_at: float | None = None
        self.child: str | None = None
        self.seen: dict[str, float] = {}  # event type: ms after the press
        self._consumer = AIOKafkaConsumer(
            *(topic.name for topic in WATCHED), bootstrap_servers=bootstrap, fetch_max_wait_ms=10
        )
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        await self._consumer.seek_to_end()
        for partition in self._consumer.assignment():
            await self._consumer.position(partition)  # from here on, and not from later on
        self._task = asyncio.create_task(self._print())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._consumer.stop()

    def press(self, child: str) -> None:
        """From now on times are counted, and events of this child alone are shown."""
        self.child, self.pressed_at, self.seen = child, time.monotonic(), {}

    async def expect(self, kind: str, wait_s: float) -> bool:
        """Whether an event of this type was seen since the press, waiting for it a little."""
        deadline = time.monotonic() + wait_s
        while kind not in self.seen:
            if time.monotonic() > deadline or (self._task and self._task.done()):
                return False
            await asyncio.sleep(0.02)
        return True

    async def _print(self) -> None:
        async for record in self._consumer:
            since = time.monotonic() - (self.pressed_at or time.monotonic())
            with suppress(Unreadable):
                self._show(record, read(record), since * 1000)

    def _show(
        self, record: ConsumerRecord, received: Received[Event | Tombstone], ms: float
    ) -> None:
        event = received.event
        if isinstance(event, Tombstone) or event.key != self.child:
            return
        self.seen[event.TYPE] = ms
        clock = received.time.astimezone().strftime("%H:%M:%S.%f")[:-3]
        self.say(
            f"  {clock}  +{ms:6.0f} ms  {event.TYPE:{_WIDTH}} {record.topic:24} {_facts(event)}"
        )


def read(record: ConsumerRecord) -> Received[Event | Tombstone]:
    """The event in a record, as the contracts read it. Raises Unreadable."""
    return decode(
        key=record.key,
        value=record.value,
        headers=record.headers,
        place=f"{record.topic}:{record.partition}:{record.offset}",
        written_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
    )


def _facts(event: Event) -> str:
    known: Mapping[str, Any] = event.model_dump(mode="json")
    return " ".join(f"{name}={str(known[name])[:20]}" for name in _SHOWN if name in known)
