"""Tells dead consumers from live ones: a process that consumes nothing must not look healthy.

An unlisted heartbeat error ends aiokafka's heartbeat task for good: alive, assigned nothing,
consuming never again. What the watchdog finds ends the process; its supervisor starts it anew.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from chassis.metrics import LAG

log = structlog.get_logger()
STALLED_S_MAX = 60.0
STILL_S_MAX = 30.0
LOOK_EVERY_S = 5.0


@dataclass(slots=True)
class Watch:
    """What was last seen of one subscriber. `since` is when its progress last changed."""

    topic: str
    subscriber: Any
    since: float
    working: dict[Any, int] = field(default_factory=dict)  # where an unfinished batch begins
    positions: dict[Any, int] = field(default_factory=dict)
    assigned: bool = False
    lag: int = 0

    @property
    def paused(self) -> frozenset[Any]:
        """The partitions that wait on purpose (`chassis.pacing`)."""
        consumer = self.subscriber.consumer
        return frozenset(consumer.paused()) if consumer else frozenset()

    def unread(self) -> bool:
        """Whether there is something that has not been fetched."""
        consumer = self.subscriber.consumer
        partitions = consumer.assignment() if consumer else ()
        positions = _read(consumer, partitions)
        return any(positions[p] < (consumer.highwater(p) or 0) for p in positions)


def look(watch: Watch, now: float) -> str | None:
    """Why this consumer is dead, or None: no assignment, or lag without progress, for a minute."""
    consumer = watch.subscriber.consumer
    partitions = consumer.assignment() if consumer else ()
    watch.assigned = bool(partitions)
    ends = {p: consumer.last_stable_offset(p) or 0 for p in partitions}
    for gone in watch.working.keys() - set(partitions):
        del watch.working[gone]
    finished = _read(consumer, partitions) | watch.working
    watch.lag = sum(max(0, ends[p] - finished.get(p, ends[p])) for p in partitions)
    LAG.labels(watch.topic).set(watch.lag)
    moving = finished != watch.positions
    watch.positions = finished
    if watch.assigned and (moving or watch.lag == 0 or watch.paused):
        watch.since = now
    if now - watch.since < STALLED_S_MAX:
        return None
    return "no partition is assigned" if not watch.assigned else "lag without progress"


def is_still(watch: Watch, now: float) -> bool:
    """Whether it has lag without progress for half a minute: not dead yet, and not ready."""
    return watch.lag > 0 and now - watch.since >= STILL_S_MAX


def _read(consumer: Any, partitions: Sequence[Any]) -> dict[Any, int]:
    """Where each partition's reading stands, a batch that is worked on included.

    Those not yet positioned are left out.
    """
    if consumer is None:
        return {}
    state = consumer._subscription.subscription  # noqa: SLF001  position() waits; we must not
    found = {}
    for partition in partitions:
        position = state.assignment.state_value(partition) if state and state.assignment else None
        if position is not None and position.has_valid_position:
            found[partition] = position.position
    return found


async def run(
    watches: Sequence[Watch], others_answer: Callable[[], Any], leave: Callable[[str], None]
) -> None:
    """Look every few seconds; `leave(reason)` when a consumer is dead while the others answer."""
    clock = asyncio.get_running_loop().time
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        for watch in watches:
            reason = look(watch, clock())
            if reason is None:
                continue
            if not await others_answer():
                watch.since = clock()  # nobody can consume now: no fault of this process
                continue
            log.error("consumer_dead", topic=watch.topic, reason=reason)
            leave(f"{watch.topic}: {reason}")
            return
