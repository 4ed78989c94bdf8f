"""A plain consumer, as an outside system would write one: prints each event with its time."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from chassis import clock
from contracts import topics

from tools.stack.program import say

TOPICS: Final = (topics.CERTIFICATE_REQUESTS, topics.CERTIFICATES, topics.DOCUMENTS)
HEARD_S_MAX: Final = 30.0


class NotHeard(Exception):
    """An event did not come."""


class Press:
    """The moment somebody pressed the button, and what was heard since."""

    def __init__(self) -> None:
        self._pressed_at: float | None = None
        self._heard: set[tuple[str, str]] = set()
        self._more = asyncio.Event()

    def now(self) -> None:
        self._pressed_at = time.monotonic()

    def hear(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        """Print an event: local time, ms since the press, topic, type, what it is about."""
        known = {name: value.decode(errors="replace") for name, value in record.headers}
        kind = known.get("ce_type", "?")
        since = "" if self._pressed_at is None else f"{_ms(self._pressed_at):+7.0f} ms"
        moment = clock.now().astimezone().strftime("%H:%M:%S.%f")[:-3]
        say(f"  {moment} {since}  {record.topic:<25}{kind:<28}{known.get('ce_subject', '')[:8]}…")
        key = "" if record.key is None else record.key.decode(errors="replace")
        self._heard.add((key, kind))
        self._more.set()

    def missing(self, child: str, wanted: Sequence[str]) -> Sequence[str]:
        """The types that were not heard of this child."""
        return [kind for kind in wanted if (child, kind) not in self._heard]

    async def heard(self, child: str, wanted: Sequence[str]) -> None:
        """Wait until each of these types was heard of this child. Raises NotHeard."""
        deadline = time.monotonic() + HEARD_S_MAX
        while missing := self.missing(child, wanted):
            self._more.clear()
            try:
                await asyncio.wait_for(self._more.wait(), max(0, deadline - time.monotonic()))
            except TimeoutError:
                what = f"no event {', '.join(missing)} of the child"
                raise NotHeard(f"{what} came within {HEARD_S_MAX:.0f} s") from None


def _ms(since: float) -> float:
    return (time.monotonic() - since) * 1000


@asynccontextmanager
async def following(bootstrap: str, press: Press) -> AsyncIterator[None]:
    """Print what is said from now on."""
    names = [topic.name for topic in TOPICS]
    consumer = AIOKafkaConsumer(*names, bootstrap_servers=bootstrap, fetch_max_wait_ms=10)
    await consumer.start()
    try:
        await consumer.seek_to_end()
        for partition in consumer.assignment():
            await consumer.position(partition)
        task = asyncio.create_task(_print(consumer, press))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    finally:
        await consumer.stop()


async def _print(consumer: AIOKafkaConsumer, press: Press) -> None:
    async for record in consumer:
        press.hear(record)
