"""RELIABILITY's poison set: what may come on a topic that no retry can apply, as a table.

Each case makes of a good record one that is not; `why` is the code under which it is kept.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from itertools import count

import pytest
from chassis.records import KeptRecord
from chassis.service import Service

from tests.running import Whole, serving
from tests.waiting import eventually

Spoil = Callable[[KeptRecord, KeptRecord], KeptRecord]
MEGABYTE = 1_000_000
RECORD_BYTES_MAX = 1_048_400  # a little under Kafka's, for the frame around them
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Poison:
    """`of(good, other)`: the spoiled form of `good`; `other` was applied just before."""

    why: str
    of: Spoil


def _header(name: str, raw: bytes | None) -> Spoil:
    """The record with another header, or without it."""

    def of(good: KeptRecord, _: KeptRecord) -> KeptRecord:
        kept = tuple((known, old) for known, old in good.headers if known != name)
        return replace(good, headers=kept if raw is None else (*kept, (name, raw)))

    return of


def _value(raw: bytes | None) -> Spoil:
    return lambda good, _: replace(good, value=raw)


def _wrong_schema(good: KeptRecord, _: KeptRecord) -> KeptRecord:
    fields = json.loads(good.value or b"")
    return replace(good, value=json.dumps({name: [] for name in fields}).encode())


def _other_content(good: KeptRecord, other: KeptRecord) -> KeptRecord:
    """Same id, other payload."""
    return _header("ce_id", dict(other.headers)["ce_id"])(good, other)


def _endless_traceparent(good: KeptRecord, other: KeptRecord) -> KeptRecord:
    """So long that the record is just one; what would carry it on, and more, is none."""
    used = len(good.key or b"") + len(good.value or b"")
    used += sum(len(name) + len(raw) for name, raw in good.headers)
    return _header("traceparent", b"0" * (RECORD_BYTES_MAX - used))(good, other)


SET = {
    "bad JSON": Poison("bad_event", _value(b"{not json")),
    "bytes that are no text": Poison("bad_event", _value(b"\xff\xfe\x00")),
    "a wrong schema": Poison("bad_event", _wrong_schema),
    "a megabyte": Poison("bad_event", _value(b"x" * MEGABYTE)),
    "an unknown type": Poison("unknown_type", _header("ce_type", b"certificate.eaten")),
    "no type": Poison("no_type", _header("ce_type", None)),
    "a type that is no text": Poison("no_type", _header("ce_type", b"\xff\xfe")),
    "no id": Poison("no_id", _header("ce_id", None)),
    "a time that is none": Poison("bad_time", _header("ce_time", b"yesterday")),
    "no key": Poison("no_key", lambda good, _: replace(good, key=None)),
    "another's key": Poison("key_differs", lambda good, other: replace(good, key=other.key)),
    "an id used before for something else": Poison("forged", _other_content),
}
HARMLESS = {
    "a header that is no text": _header("x-odd", b"\xff\xfe"),
    "an order to reply": _header("reply_to", b"certificates.v1"),
    "a traceparent of nearly a megabyte": _endless_traceparent,
}
each_poison = pytest.mark.parametrize("poison", SET.values(), ids=SET)
each_oddity = pytest.mark.parametrize("oddity", HARMLESS.values(), ids=HARMLESS)


@dataclass(frozen=True, slots=True)
class Door:
    """A service's real door: how a good record is made, by a name, and whether it was applied."""

    whole: Whole
    good: Callable[[str], Awaitable[KeptRecord]]
    applied: Callable[[str], Awaitable[bool]]

    async def keeps(self, poison: Poison) -> None:
        """Once and with the reason; what lies before and behind it is applied."""
        names = [f"{poison.why} {place} {next(_numbers)}" for place in ("before", "it", "behind")]
        before, good, behind = [await self.good(name) for name in names]
        places = await self.whole.hears(before, poison.of(good, before), behind)
        await eventually(lambda: self.applied(names[0]))
        await eventually(lambda: self.applied(names[2]))
        kept = [await self.whole.reasons(place) for place in places]
        assert [len(reasons) for reasons in kept] == [0, 1, 0]
        assert kept[1][0].startswith(poison.why)
        assert not await self.applied(names[1])

    async def bears(self, oddity: Spoil) -> None:
        """It is applied like any other, and what follows from it is said."""
        name = f"odd {next(_numbers)}"
        good = await self.good(name)
        (place,) = await self.whole.hears(oddity(good, good))
        await eventually(lambda: self.applied(name))
        await eventually(lambda: self.whole.has("SELECT FROM outbox HAVING count(*) = 0"))
        assert await self.whole.reasons(place) == []

    async def changes_nothing_when_all_is_heard_again(self, service: Service) -> None:
        """A group of another name on the same database: the offsets are at the start."""
        tables = ("inbox", "outbox_sent", "quarantine", "parked")
        before = [await self.whole.count(table) for table in tables]
        async with serving(replace(service, name=f"{service.name}-again")) as again:
            await eventually(again.has_heard_all)
        assert before[2] > 0
        assert [await self.whole.count(table) for table in tables] == before
