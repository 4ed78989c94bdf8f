"""CloudEvents 1.0 in Kafka's binary mode: the envelope in headers, the event's JSON as the value.

Reading is tolerant: unknown fields and headers are ignored, a header that is not text is dropped, a
value that a later release of ours added to a set is text.
What cannot be understood raises `Unreadable`, whose message never repeats what was in the record.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from contracts.events import EVENTS, Event
from contracts.ids import derived
from contracts.topics import Topic
from contracts.values import MOMENT_END, MOMENT_MIN, READING, VERSION_MAX

EventT = TypeVar("EventT", covariant=True, bound="Event | Tombstone")  # noqa: PLC0105  reads as the event
SPEC_VERSION: Final = "1.0"
TOMBSTONE_TYPE: Final = "tombstone"
_TIME: Final = TypeAdapter(datetime)
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Unreadable(Exception):
    """A record that no retry can make readable; `reason` is a code and where, never the content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A record without a value: what had this key is erased.

    `version` counts on from the state that it erases, where the sender counts.
    """

    key: str
    version: int | None = None


class Envelope(NamedTuple):
    """An event about to be said. `time` is when it happened; `id` is unique within `source`."""

    event: Event | Tombstone
    id: UUID
    source: str
    time: datetime
    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None
    topic: Topic | None = None  # for a tombstone, and for a second lane of the same event


class Record(NamedTuple):
    """What goes to Kafka, ready to send."""

    topic: str
    key: str
    value: bytes | None
    texts: Mapping[str, str]  # the headers as text

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        return [(name, text.encode()) for name, text in self.texts.items()]


class Received(NamedTuple, Generic[EventT]):
    """An event as a consumer gets it, with what the next event must carry on."""

    event: EventT
    key: str
    id: str
    source: str
    time: datetime
    correlation_id: str
    traceparent: str | None


def encode(envelope: Envelope) -> Record:
    """The Kafka record of an event (EVENTS, "Format")."""
    event = envelope.event
    if isinstance(event, Tombstone):
        assert envelope.topic is not None, "a tombstone must say its topic"
        topic, event_type, value = envelope.topic, TOMBSTONE_TYPE, None
    else:
        topic, event_type = envelope.topic or event.TOPIC, event.TYPE
        value = event.model_dump_json().encode()
    key = event.key
    headers = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": str(envelope.id),
        "ce_type": event_type,
        "ce_source": envelope.source,
        "ce_time": envelope.time.isoformat(),
        "ce_subject": key,
        "ce_correlationid": envelope.correlation_id,
    }
    if value is not None:
        headers["ce_dataschema"] = f"/schemas/{event_type}.v1.json"
        headers["content-type"] = "application/json"
    elif isinstance(event, Tombstone) and event.version:
        headers["ce_version"] = str(event.version)
    if envelope.causation_id:
        headers["ce_causationid"] = envelope.causation_id
    if envelope.traceparent:
        headers["traceparent"] = envelope.traceparent
    return Record(topic.name, key, value, headers)


def caused_by(
    cause: "Received[Event | Tombstone]",
    event: Event | Tombstone,
    *,
    source: str,
    time: datetime,
    topic: Topic | None = None,
) -> Envelope:
    """The envelope of an event that `cause` brought about: same correlation, id derived from it."""
    kind = TOMBSTONE_TYPE if isinstance(event, Tombstone) else event.TYPE
    return Envelope(
        event=event,
        id=derived(f"{cause.source}:{cause.id}", f"{source}:{kind}:{event.key}"),
        source=source,
        time=time,
        correlation_id=cause.correlation_id,
        causation_id=cause.id,
        traceparent=cause.traceparent,
        topic=topic,
    )


def decode(
    *,
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes]],
    place: str,
    written_at_ms: int,
) -> "Received[Event | Tombstone]":
    """Read a record. `place` (topic:partition:offset) names one that came without an id.

    `written_at_ms` (since 1970) is the time of one whose headers tell none.

    Raises `Unreadable` with a reason: no_key, no_type, unknown_type, no_id, bad_time, bad_event.
    """
    known = _texts(headers)
    text_key = _key(key)
    if value is None:
        event: Event | Tombstone = Tombstone(text_key, _version(known.get("ce_version")))
    else:
        event = _event(known, value)
        if event.key != text_key:
            raise Unreadable("key_differs: the record's key is not the event's")
    event_id = known.get("ce_id") or (f"tombstone:{place}" if value is None else "")
    if not event_id or len(event_id) > 200:  # noqa: PLR2004  bounded: it goes into the inbox's key
        raise Unreadable("no_id: header ce_id is missing or too long")
    source = known.get("ce_source", "unknown")[:200]
    return Received(
        event=event,
        key=text_key,
        id=event_id,
        source=source,
        time=_time(known.get("ce_time"), written_at_ms),
        correlation_id=known.get("ce_correlationid", event_id)[:200],
        traceparent=traceparent_in(known.get("traceparent")),
    )


def traceparent_in(text: str | None) -> str | None:
    """A W3C `traceparent`, or None: what is carried on is bounded and says nothing else."""
    return text if text and _TRACEPARENT.fullmatch(text) else None


def _texts(headers: Iterable[tuple[str, bytes]]) -> Mapping[str, str]:
    known = {}
    for name, raw in headers:
        try:
            text = raw.decode()
        except (UnicodeDecodeError, AttributeError):
            continue
        if "\x00" not in text:  # PostgreSQL keeps no NUL in text
            known[name] = text
    return known


def _key(key: bytes | None) -> str:
    if not key:
        raise Unreadable("no_key: the record has no key")
    try:
        text = key.decode()
    except UnicodeDecodeError:
        raise Unreadable("no_key: the key is not UTF-8") from None
    if "\x00" in text:
        raise Unreadable("no_key: the key holds a NUL")
    return text


def _version(text: str | None) -> int | None:
    known = text is not None and re.fullmatch("[0-9]{1,16}", text) and int(text) <= VERSION_MAX
    return int(text) if text and known else None


def _event(known: Mapping[str, str], value: bytes) -> Event:
    kind = known.get("ce_type")
    if not kind:
        raise Unreadable("no_type: header ce_type is missing or not UTF-8")
    model = EVENTS.get(kind)
    if model is None:
        raise Unreadable("unknown_type: no such event type is known here")
    try:
        return model.model_validate_json(value, context=READING if model.OURS else None)
    except ValidationError as error:
        raise Unreadable(f"bad_event: {_places(error)}") from None


def _places(error: ValidationError) -> str:
    problems: Sequence[str] = [
        f"{'.'.join(str(part) for part in problem['loc']) or 'value'} {problem['type']}"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return "; ".join(problems)[:500]


def _time(text: str | None, written_at_ms: int) -> datetime:
    if text is None:
        return _written_at(written_at_ms)
    try:
        moment = _TIME.validate_python(text)
    except ValidationError:
        raise Unreadable("bad_time: header ce_time is not RFC 3339") from None
    if moment.tzinfo is None:
        raise Unreadable("bad_time: header ce_time has no time zone")
    if not MOMENT_MIN <= moment < MOMENT_END:
        raise Unreadable("bad_time: header ce_time is beyond all that can be")
    return moment


def _written_at(written_at_ms: int) -> datetime:
    try:
        moment = datetime.fromtimestamp(max(written_at_ms, 0) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        moment = MOMENT_END
    if moment >= MOMENT_END:
        raise Unreadable("bad_time: the record's timestamp is no time")
    return moment
