"""What no service can keep or count with is refused when it is read: permanent, at once."""

import json
from typing import Any

import pytest
from contracts import Received, Unreadable, decode

from tests.contracts.corpus import load
from tests.contracts.examples import sample

USER, LINK = "sgo.user.changed", "sgo.child-link.changed"
REQUEST, ISSUED = "certificate.requested", "certificate.issued"
ENROLMENT = {"organization_id": "s", "kind": "school", "name": "Ш"}
EXTREMES = [
    *((kind, "version", n) for kind in (USER, LINK, ISSUED) for n in (2**53, 2**63, 10**400)),
    *((USER, "version", n) for n in (-1, 0, 1.5, "7", True, None)),
    *((LINK, "linked", flag) for flag in ("yes", 1)),
    *((USER, "person.birth_date", day) for day in ("9999-12-31", "0001-01-01", "1899-12-31")),
    *((ISSUED, "valid_until", day) for day in ("9999-12-31", "0001-01-01")),
    *(
        (REQUEST, "requested_at", time)
        for time in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", 10**20, -1)
    ),
    *((USER, "person.name.last_name", text) for text in ("x" * 201, "x" * 500_000, "a\x00b")),
    (USER, "person.name.last_name", "\ud800"),
    (USER, "login", "x" * 201),
    (USER, "sgo_user_id", "x" * 65),
    (USER, "roles", ["student"] * 101),
    (USER, "person.enrolments", [ENROLMENT] * 101),
]


def with_value(kind: str, place: str, extreme: Any) -> bytes:
    value = load(sample(kind))["value"]
    *outer, last = place.split(".")
    inner = value
    for name in outer:
        inner = inner[name]
    inner[last] = extreme
    return json.dumps(value).encode()


def reading(kind: str, value: bytes, *, written_at_ms: int = 0, **headers: str) -> Received[Any]:
    one = load(sample(kind))
    texts = one["headers"] | headers
    return decode(
        key=one["key"].encode(),
        value=value,
        headers=[(name, text.encode()) for name, text in texts.items()],
        place="t:0:1",
        written_at_ms=written_at_ms,
    )


@pytest.mark.parametrize(
    ("kind", "place", "extreme"), EXTREMES, ids=[f"{p} {str(x)[:20]!a}" for _, p, x in EXTREMES]
)
def test_an_extreme_value_is_a_bad_event(kind: str, place: str, extreme: Any) -> None:
    with pytest.raises(Unreadable, match=r"^bad_event: ") as refused:
        reading(kind, with_value(kind, place, extreme))
    assert len(refused.value.reason) < 600


@pytest.mark.parametrize("value", [b"[" * 100_000, b'{"person":' * 100_000])
def test_json_nested_without_end_is_a_bad_event(value: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^bad_event: "):
        reading(USER, value)


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_an_extreme_time_of_an_event_is_a_bad_time(time: str) -> None:
    with pytest.raises(Unreadable, match=r"^bad_time: "):
        reading(USER, with_value(USER, "version", 1), ce_time=time)


def test_the_largest_values_that_are_good_are_read() -> None:
    assert reading(USER, with_value(USER, "version", 2**53 - 1)).event.version == 2**53 - 1
    for day in ("1900-01-01", "2199-12-31"):
        assert str(reading(ISSUED, with_value(ISSUED, "valid_until", day)).event.valid_until) == day


def test_an_extreme_version_of_a_tombstone_says_nothing() -> None:
    tombstone = decode(
        key=b"k", value=None, headers=[("ce_version", str(2**53).encode())], place="p",
        written_at_ms=0,
    ).event  # fmt: skip
    assert tombstone.version is None
