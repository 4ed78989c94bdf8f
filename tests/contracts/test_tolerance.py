"""A set may grow within v1: who reads takes a new value as text, who writes is held to the list."""

from typing import Any

import pytest
from contracts import EVENTS, Unreadable
from contracts.events import CertificateRefused, UserRegistered
from contracts.values import RefusalCode, Role
from pydantic import ValidationError

from tests.contracts.corpus import HERE, load, read
from tools.samples import schema

NEW = "of_a_later_release"
Set = tuple[str, tuple[str | int, ...]]  # the event, and where in it a set stands
GROWING: list[Set] = [
    ("certificate.refused", ("codes", 0)),
    ("certificate.issued", ("status",)),
    ("certificate.annulled", ("status",)),
    ("document.failed", ("reason",)),
    ("user.registered", ("roles", 0)),
    ("user.updated", ("person", "enrolments", 0, "kind")),
    ("user.updated", ("person", "organization", "kind")),
]
CLOSED: list[Set] = [
    ("certificate.requested", ("requester", "role")),
    ("sgo.user.changed", ("roles", 0)),
    ("sgo.user.changed", ("person", "enrolments", 0, "kind")),
    ("sgo.user.changed", ("person", "organization", "kind")),
]
by_growing = pytest.mark.parametrize(("kind", "place"), GROWING)
by_closed = pytest.mark.parametrize(("kind", "place"), CLOSED)
by_set = pytest.mark.parametrize(("kind", "place"), GROWING + CLOSED)


def sample_with(kind: str, place: tuple[str | int, ...], value: object) -> dict[str, Any]:
    sample = load(HERE / "samples" / f"{kind}.v1.full.json")
    *path, last = place
    part = sample["value"]
    for step in path:
        part = part[step]
    assert last in part or isinstance(part, list)
    part[last] = value
    return sample


@by_growing
def test_a_value_of_a_later_release_is_read_as_text_and_can_be_said_on(kind, place):
    sample = sample_with(kind, place, NEW)
    event: Any = read(sample).event
    assert event.model_dump(mode="json")[place[0]] == sample["value"][place[0]]
    for step in place:
        event = event[step] if isinstance(step, int) else getattr(event, step)
    assert (event, event.value, f"{event}") == (NEW, NEW, NEW)


@by_closed
def test_a_value_that_is_decided_on_is_bad_where_it_is_not_known(kind, place):
    with pytest.raises(Unreadable, match="bad_event"):
        read(sample_with(kind, place, NEW))


@by_set
def test_who_writes_is_held_to_the_list(kind, place):
    with pytest.raises(ValidationError):
        EVENTS[kind].model_validate(sample_with(kind, place, NEW)["value"])


@by_set
@pytest.mark.parametrize("value", [7, None, "", "a,b", "a\u0000b", "x" * 65, ["active"]])
def test_what_is_no_code_at_all_is_bad_as_before(kind, place, value):
    with pytest.raises(Unreadable, match="bad_event"):
        read(sample_with(kind, place, value))


def test_a_value_of_a_later_release_is_none_of_those_that_are_known():
    refused = read(sample_with("certificate.refused", ("codes", 0), NEW)).event
    assert isinstance(refused, CertificateRefused)
    assert not set(refused.codes[:1]) & set(RefusalCode)
    user = read(sample_with("user.registered", ("roles", 0), NEW)).event
    assert isinstance(user, UserRegistered)
    assert not set(user.roles[:1]) & set(Role)


def test_every_set_of_every_event_is_in_the_lists_above():
    found = {place for one in EVENTS.values() for place in sets_of(schema(one), schema(one))}
    assert found == {
        tuple(step for step in place if isinstance(step, str)) for _, place in GROWING + CLOSED
    }


def sets_of(node: Any, root: dict[str, Any], place: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where in a schema an enumeration stands."""
    if "$ref" in node:
        return sets_of(root["$defs"][node["$ref"].removeprefix("#/$defs/")], root, place)
    if "enum" in node:
        return [place]
    inner = [(one, place) for one in node.get("anyOf", [])]
    inner += [(node["items"], place)] if "items" in node else []
    inner += [(one, (*place, name)) for name, one in node.get("properties", {}).items()]
    return [found for one, where in inner for found in sets_of(one, root, where)]
