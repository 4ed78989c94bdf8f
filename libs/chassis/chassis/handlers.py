"""What a service does with each type of event, and the order in which a batch is applied."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts import Envelope, Event, Tombstone
from contracts.topics import Topic

from chassis.database import Tx
from chassis.kept import NotYet
from chassis.records import Item


@dataclass(slots=True)
class Effects:
    """What a handler returns: what to say, what must wait, and what no retry can apply."""

    events: list[Envelope] = field(default_factory=list)
    not_yet: list[NotYet] = field(default_factory=list)
    refused: list[tuple[Item, str]] = field(default_factory=list)


Apply = Callable[[Tx, Sequence[Item], bool], Awaitable[Effects]]
Prepare = Callable[[Sequence[Item]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Handler:
    """`apply(tx, items, last_call)` loads, decides and saves a set of events, one per key.

    `last_call`: the facts have had their time; decide without them. `prepare(items)` does what
    is slow before the transaction opens, and may keep what it made until `apply` asks.
    """

    topic: Topic
    event: type[Event] | type[Tombstone]
    apply: Apply
    prepare: Prepare | None = None


Handlers = dict[tuple[str, type[Any]], Handler]


def by_event(handlers: Iterable[Handler], prefix: str) -> Handlers:
    """The handlers by where and what they hear; `prefix` is the deployment's topic prefix."""
    return {(prefix + handler.topic.name, handler.event): handler for handler in handlers}


def misplaced(item: Item, handlers: Handlers, prefix: str) -> str | None:
    """Why this event does not belong on its topic, or None."""
    event = item.received.event
    if (item.record.topic, type(event)) in handlers:
        return None
    if isinstance(event, Tombstone):
        return "tombstone: nothing is erased on this topic"
    if prefix + event.TOPIC.name != item.record.topic:
        return "wrong_topic: this event is not said on this topic"
    return None


def waves(items: Sequence[Item]) -> list[list[Item]]:
    """Split a batch so that each wave holds one event a key, in order.

    So a handler never sees two events of one aggregate at once: the second one is decided after
    the first one is saved, in the same transaction.
    """
    turn: dict[str, int] = {}
    result: list[list[Item]] = []
    for item in items:
        wave = turn.get(item.received.key, 0)
        turn[item.received.key] = wave + 1
        if wave == len(result):
            result.append([])
        result[wave].append(item)
    return result


async def prepare(items: Sequence[Item], handlers: Handlers) -> None:
    """What is slow, before the transaction opens."""
    for handler, group in grouped(items, handlers):
        if handler.prepare:
            await handler.prepare(group)


def grouped(items: Sequence[Item], handlers: Handlers) -> list[tuple[Handler, list[Item]]]:
    """The items of one wave by handler; events that this service does not hear are left out."""
    groups: dict[tuple[str, type[Any]], list[Item]] = {}
    for item in items:
        kind = item.record.topic, type(item.received.event)
        if kind in handlers:
            groups.setdefault(kind, []).append(item)
    return [(handlers[kind], group) for kind, group in groups.items()]
