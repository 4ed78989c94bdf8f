"""What is encoded decodes; what cannot be read is refused without repeating it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from contracts import (
    EVENTS,
    Envelope,
    Event,
    Received,
    Record,
    Tombstone,
    Unreadable,
    caused_by,
    decode,
    encode,
    topics,
)
from contracts.ids import derived

from tests.builders import NOW, a_link, a_user, an_id, envelope
from tests.contracts.corpus import HERE, WRITTEN_AT, WRITTEN_AT_MS, load, read
from tools import samples

CANARY = "Секретова-7421"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PLACE = "identity.users.v1:3:42"


def decoded(record: Record, **changes: Any) -> Received[Event | Tombstone]:
    """The record as it comes back, changed as the test says; a header of None is left out."""
    headers = dict(record.headers) | changes.pop("headers", {})
    known = {"key": record.key.encode(), "value": record.value} | changes
    present = [(name, raw) for name, raw in headers.items() if raw is not None]
    return decode(**known, headers=present, place=PLACE, written_at_ms=WRITTEN_AT_MS)


def a_written_user() -> Record:
    return encode(envelope(a_user(), name="e1"))


def refusal(**changes: Any) -> str:
    with pytest.raises(Unreadable) as refused:
        decoded(a_written_user(), **changes)
    assert str(refused.value) == refused.value.reason
    assert refused.value.__cause__ is None
    return refused.value.reason


@pytest.mark.parametrize("made", [samples.full, samples.least])
@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_comes_back_as_it_was_encoded(kind: str, made: Any) -> None:
    said = Envelope(
        event=made()[kind],
        id=an_id("e1"),
        source="/test",
        time=NOW,
        correlation_id="c1",
        causation_id="e0",
        traceparent=TRACE,
    )
    got = decoded(encode(said))
    assert got == Received(said.event, said.event.key, str(said.id), "/test", NOW, "c1", TRACE)
    assert type(got.event) is EVENTS[kind]


def test_a_tombstone_comes_back_as_a_tombstone_on_the_topic_it_names() -> None:
    record = encode(envelope(Tombstone("u1"), name="e1", topic=topics.IDENTITY_USERS))
    assert (record.topic, record.value) == ("identity.users.v1", None)
    assert decoded(record).event == Tombstone("u1")


def test_a_tombstone_says_after_which_state_it_comes() -> None:
    record = encode(envelope(Tombstone("u1", 3), name="e1", topic=topics.IDENTITY_USERS))
    assert decoded(record).event == Tombstone("u1", 3)


@pytest.mark.parametrize("version", ["", "-1", "3.0", "III", "9" * 19])
def test_a_tombstone_whose_version_is_no_number_erases_all_the_same(version: str) -> None:
    headers = [("ce_version", version.encode())]
    got = decode(key=b"u1", value=None, headers=headers, place=PLACE, written_at_ms=WRITTEN_AT_MS)
    assert got.event == Tombstone("u1")


def test_a_tombstone_without_headers_is_named_by_its_place() -> None:
    got = decode(key=b"u1", value=None, headers=[], place=PLACE, written_at_ms=WRITTEN_AT_MS)
    assert (got.id, got.time) == (f"tombstone:{PLACE}", WRITTEN_AT)


def test_a_record_goes_to_the_topic_of_its_event_unless_the_envelope_says_another() -> None:
    asked = samples.full()["certificate.requested"]
    assert encode(envelope(asked)).topic == "certificates.requests.v1"
    bulk = topics.CERTIFICATE_REQUESTS_BULK
    assert encode(envelope(asked, topic=bulk)).topic == bulk.name


def test_unknown_fields_and_headers_are_ignored() -> None:
    sample = load(HERE / "samples" / "user.registered.v1.full.json")
    plain = read(sample).event
    sample["value"] |= {"added_later": {"deep": [1]}}
    sample["value"]["person"] |= {"added_later": 1}
    sample["headers"] |= {"x-added-later": "1"}
    assert read(sample).event == plain


def test_a_header_that_is_not_text_is_dropped_where_it_is_not_needed() -> None:
    got = decoded(a_written_user(), headers={"traceparent": b"\xff", "ce_source": b"a\x00b"})
    assert (got.traceparent, got.source) == (None, "unknown")


@pytest.mark.parametrize("text", ["00-1", TRACE.upper(), f"{TRACE} {CANARY}", CANARY * 40_000])
def test_a_traceparent_that_is_none_is_not_carried_on(text: str) -> None:
    """It would go into every event that follows: as large as the sender likes, to everyone."""
    assert decoded(a_written_user(), headers={"traceparent": text.encode()}).traceparent is None


def test_a_missing_time_is_when_the_record_was_written() -> None:
    assert decoded(a_written_user(), headers={"ce_time": None}).time == WRITTEN_AT


def test_a_missing_time_cannot_be_a_record_written_at_no_time() -> None:
    with pytest.raises(Unreadable, match="bad_time"):
        decode(key=b"u1", value=None, headers=[], place=PLACE, written_at_ms=2**62)


def test_what_an_event_brought_about_carries_on_its_correlation_and_derives_its_id() -> None:
    cause = decoded(a_written_user())
    one, again = (caused_by(cause, a_link(), source="/s", time=NOW) for _ in range(2))
    other = caused_by(cause, a_link("another"), source="/s", time=NOW)
    assert one == again
    assert one.id != other.id
    assert (one.correlation_id, one.causation_id) == (cause.correlation_id, cause.id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": f'{{"{CANARY}'.encode()}, "bad_event: value json_invalid"),
        ({"value": b""}, "bad_event: value json_invalid"),
        ({"value": b"\xff\xfe" + CANARY.encode()}, "bad_event"),
        ({"value": b"[]"}, "bad_event: value"),
        ({"value": b"null"}, "bad_event: value"),
        ({"value": f'{{"user_id": "{CANARY}"}}'.encode()}, "bad_event: user_id uuid_parsing"),
        ({"key": None}, "no_key"),
        ({"key": b""}, "no_key"),
        ({"key": b"\xff" + CANARY.encode()}, "no_key"),
        ({"key": f"{CANARY}\x00".encode()}, "no_key"),
        ({"key": CANARY.encode()}, "key_differs"),
        ({"headers": {"ce_type": None}}, "no_type"),
        ({"headers": {"ce_type": b"\xff\xfe"}}, "no_type"),
        ({"headers": {"ce_type": f"{CANARY}\x00".encode()}}, "no_type"),
        ({"headers": {"ce_type": CANARY.encode()}}, "unknown_type"),
        ({"headers": {"ce_id": None}}, "no_id"),
        ({"headers": {"ce_id": b"\xff"}}, "no_id"),
        ({"headers": {"ce_id": CANARY.encode() * 20}}, "no_id"),
        ({"headers": {"ce_time": CANARY.encode()}}, "bad_time"),
        ({"headers": {"ce_time": b"2026-11-24T09:00:00"}}, "bad_time"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unreadable_record_is_refused_with_a_reason_that_repeats_nothing_of_it(
    changes: dict[str, Any], code: str
) -> None:
    reason = refusal(**changes)
    assert reason.startswith(code)
    assert CANARY not in reason
    assert len(reason) <= 600


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("version", CANARY),
        ("version", 0),
        ("roles", [CANARY * 20]),
        ("user_id", CANARY),
        ("person", CANARY),
        ("person", {"name": {"last_name": f"{CANARY}\x00", "first_name": "А"}}),
        ("person", {"name": {"last_name": CANARY * 20, "first_name": "А"}}),
        ("person", {"name": {"last_name": "А", "first_name": "Б"}, "birth_date": CANARY}),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_by_place_and_kind_only(field: str, wrong: Any) -> None:
    value = samples.text(a_user().model_dump(mode="json") | {field: wrong}).encode()
    reason = refusal(value=value)
    assert reason.startswith(f"bad_event: {field}")
    assert CANARY not in reason


def test_ids_derive_from_their_cause_so_that_a_replay_gives_the_same() -> None:
    assert derived("a", "x") == derived("a", "x")
    assert len({derived("a", "x"), derived("b", "x"), derived("a", "y")}) == 3


def test_an_encoded_time_keeps_its_zone() -> None:
    record = encode(envelope(a_user()))
    written = dict(record.headers)["ce_time"].decode()
    assert datetime.fromisoformat(written) == NOW.astimezone(UTC)
