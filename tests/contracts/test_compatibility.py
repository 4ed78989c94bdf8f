"""Within v1 only additive change: old samples decode, new values fit the published schemas."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from contracts import EVENTS, Event, topics
from contracts.events import CertificateIssued
from contracts.values import Value
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import BaseModel, Field

from tests.contracts.compatibility import broken_promises
from tests.contracts.corpus import HERE, PUBLISHED, SAMPLES, event_type, load, read
from tools import samples

PUBLIC = [topics.CERTIFICATES.name, topics.DOCUMENTS.name]
PERSONAL = (
    *("name", "first_name", "last_name", "middle_name", "full_name", "person", "birth_date"),
    *("birthday", "age", "address", "email", "phone", "snils", "login", "password", "secret"),
)
by_sample = pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
by_schema = pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
by_event = pytest.mark.parametrize("model", EVENTS.values(), ids=EVENTS.keys())


@by_event
def test_every_event_has_a_full_sample_a_least_sample_and_a_published_schema(
    model: type[Event],
) -> None:
    for file in ("samples/{}.v1.full.json", "samples/{}.v1.least.json", "published/{}.v1.json"):
        assert (HERE / file.format(model.TYPE)).exists(), "run python -m tools.samples"


@by_schema
def test_a_published_event_type_never_vanishes(path: Path) -> None:
    assert path.name.removesuffix(".v1.json") in EVENTS


@by_sample
def test_every_old_sample_decodes_with_todays_models(path: Path) -> None:
    sample = load(path)
    received = read(sample)
    assert isinstance(received.event, EVENTS[event_type(path)])
    assert (received.key, received.id) == (sample["key"], sample["headers"]["ce_id"])


@by_sample
def test_every_sample_is_valid_by_its_published_schema(path: Path) -> None:
    validator(event_type(path)).validate(load(path)["value"])


@by_sample
def test_a_full_sample_leaves_no_field_out_and_a_least_one_says_only_what_is_required(
    path: Path,
) -> None:
    value, schema = load(path)["value"], load(HERE / "published" / f"{event_type(path)}.v1.json")
    if path.name.endswith(".full.json"):
        assert value.keys() == schema["properties"].keys()
    else:
        assert value.keys() == set(schema["required"])


@pytest.mark.parametrize("made", [samples.full, samples.least])
@by_event
def test_what_todays_models_write_is_valid_by_the_published_schema(
    model: type[Event], made: Any
) -> None:
    written = made()[model.TYPE].model_dump_json()
    validator(model.TYPE).validate(json.loads(written))


@by_event
def test_no_published_field_vanished_changed_its_type_or_became_required(
    model: type[Event],
) -> None:
    published = load(HERE / "published" / f"{model.TYPE}.v1.json")
    assert broken_promises(published, samples.schema(model)) == []


def test_an_imported_certificate_is_told_by_a_field_that_old_readers_need_not_know() -> None:
    """And what was said before that field existed is of certificates that were issued here."""
    before = read(load(HERE / "samples" / "certificate.issued.v1.full.json")).event
    assert isinstance(before, CertificateIssued)
    assert before.imported is False
    written = before.model_copy(update={"imported": True}).model_dump(mode="json")
    validator("certificate.issued").validate(written)
    as_published = {name for name in written if name != "imported"}
    assert as_published == fields(load(HERE / "published" / "certificate.issued.v1.json"))
    assert CertificateIssued.model_validate(written).imported is True


@pytest.mark.parametrize("model", [m for m in EVENTS.values() if m.TOPIC.name in PUBLIC])
def test_the_schema_of_a_public_event_names_no_personal_field(model: type[Event]) -> None:
    assert not fields(samples.schema(model)) & set(PERSONAL)


def test_every_topic_that_everyone_may_read_is_held_to_be_public() -> None:
    assert [topic.name for topic in topics.TOPICS if topic.readers == "everyone"] == PUBLIC


class Inner(Value):
    code: str


class Colour(StrEnum):
    red = "red"


class Published(Value):
    """A made-up event as it was published."""

    colour: Colour | None = None
    number: str
    note: str | None = None
    inner: Inner
    codes: tuple[Inner, ...] = ()


class MoreColours(StrEnum):
    red = "red"
    blue = "blue"


class OtherColours(StrEnum):
    blue = "blue"


class WithOptional(Published):
    extra: str | None = None


class WithRequired(Published):
    extra: str


class InnerWithRequired(Inner):
    extra: str


class NestedRequired(Published):
    inner: InnerWithRequired


class NestedInList(Published):
    codes: tuple[InnerWithRequired, ...] = ()


class OtherType(Published):
    number: int  # type: ignore[assignment]


class Tightened(Published):
    number: str = Field(max_length=3)


class NotNullable(Published):
    note: str = ""


class NowOptional(Published):
    number: str = ""


class NewValue(Published):
    colour: MoreColours | None = None  # type: ignore[assignment]


class LostValue(Published):
    colour: OtherColours | None = None  # type: ignore[assignment]


class Vanished(Value):
    colour: Colour | None = None
    note: str | None = None
    inner: Inner
    codes: tuple[Inner, ...] = ()


@pytest.mark.parametrize("changed", [Published, WithOptional, NewValue])
def test_a_change_that_adds_an_optional_field_or_a_value_of_a_closed_set_passes(
    changed: type[BaseModel],
) -> None:
    assert changes_to(changed) == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        (WithRequired, "value.extra became required"),
        (NestedRequired, "value.inner.extra became required"),
        (NestedInList, "value.codes[].extra became required"),
    ],
)
def test_a_change_that_adds_a_required_field_is_caught(
    changed: type[BaseModel], complaint: str
) -> None:
    assert changes_to(changed) == [complaint]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        (OtherType, "value.number changed its type"),
        (Tightened, "value.number changed its maxLength"),
        (NotNullable, "value.note changed its anyOf"),
        (NowOptional, "value.number is required no more"),
        (Vanished, "value.number vanished"),
        (LostValue, "value.colour may be red no more"),
    ],
)
def test_a_change_that_breaks_a_reader_or_a_writer_is_caught(
    changed: type[BaseModel], complaint: str
) -> None:
    assert complaint in changes_to(changed)


def changes_to(changed: type[BaseModel]) -> list[str]:
    return broken_promises(Published.model_json_schema(), changed.model_json_schema())


def validator(kind: str) -> Draft202012Validator:
    schema = load(HERE / "published" / f"{kind}.v1.json")
    return Draft202012Validator(schema, format_checker=FormatChecker())


def fields(node: Any) -> set[str]:
    """The names of all fields anywhere in a schema."""
    if isinstance(node, list):
        return set().union(*(fields(one) for one in node))
    if not isinstance(node, dict):
        return set()
    own = set(node.get("properties", {}))
    return own.union(*(fields(inner) for inner in node.values()))
