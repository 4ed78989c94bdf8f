"""A Kafka record as it came, and with what was understood of it."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Protocol

from contracts import Event, Received, Tombstone, decode


class RawRecord(Protocol):
    """What we use of aiokafka's ConsumerRecord."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record read back from quarantine or from the parked ones."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Item:
    """A record that could be read, with its event."""

    record: RawRecord
    received: Received[Event | Tombstone]

    @property
    def identity(self) -> tuple[str, str]:
        return self.received.source, self.received.id

    @cached_property
    def digest(self) -> bytes:
        """Tells a repetition from a forgery: same id, same key and value."""
        whole = blake2b(self.record.key or b"", digest_size=16)
        whole.update(b"\x00" if self.record.value is None else b"\x01" + self.record.value)
        return whole.digest()


def place(record: RawRecord) -> str:
    return f"{record.topic}:{record.partition}:{record.offset}"


def digest(record: RawRecord) -> bytes:
    """Tells two records apart that came from the same place: key, headers and value."""
    fields = [record.key, record.value]
    fields += [part for name, raw in record.headers for part in (name.encode(), raw or b"")]
    whole = blake2b(digest_size=16)
    for field in fields:
        whole.update(b"-" if field is None else b"%d:" % len(field) + field)
    return whole.digest()


def read(record: RawRecord) -> Item:
    """Raises `contracts.Unreadable` with a reason that repeats nothing of the record."""
    return Item(
        record,
        decode(
            key=record.key,
            value=record.value,
            headers=record.headers,
            place=place(record),
            written_at_ms=record.timestamp,
        ),
    )


def pack(record: RawRecord) -> bytes:
    """Every byte of the record, for keeping."""
    return json.dumps(
        {
            "timestamp": record.timestamp,
            "key": _text(record.key),
            "value": _text(record.value),
            "headers": [(name, _text(raw)) for name, raw in record.headers],
        }
    ).encode()


def unpack(topic: str, partition: int, offset: int, packed: bytes) -> KeptRecord:
    fields = json.loads(packed)
    return KeptRecord(
        topic,
        partition,
        offset,
        fields["timestamp"],
        _bytes(fields["key"]),
        _bytes(fields["value"]),
        tuple((name, _bytes(raw) or b"") for name, raw in fields["headers"]),
    )


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
