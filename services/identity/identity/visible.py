"""DECISION: letters that nobody sees are in no name and no login. Pure.

A name with a mark that turns the direction of writing is shown as another one; a login with a
space or a zero-width letter cannot be typed by who reads it. By hand and in a file it is refused:
somebody is there to type it again. What SGO tells is stripped of such marks (format characters,
Unicode's Cf): it looks the same, and a family must not wait for SGO to mend it.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final, TypeVar

from contracts.events import SgoUserChanged
from contracts.values import Enrolment, Organization, Person

PlaceT = TypeVar("PlaceT", Enrolment, Organization)
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def is_visible(text: str) -> bool:
    """Whether all of it can be seen; spaces can."""
    return not any(unicodedata.category(letter) in _INVISIBLE for letter in text)


def is_login(text: str) -> bool:
    return is_visible(text) and not any(letter.isspace() for letter in text)


def told_of(place: Enrolment | Organization | None) -> str:
    """All that is written of where somebody learns or works."""
    if place is None:
        return ""
    if isinstance(place, Enrolment):
        return place.organization_id + place.name
    return place.id + place.name + place.municipality


def strip(change: SgoUserChanged) -> SgoUserChanged | None:
    """What SGO tells, without marks that nobody sees; None where nothing is left of a name."""
    person = change.person
    name = person.name.model_copy(update={
        part: _stripped(text) for part, text in person.name.model_dump().items()
    })  # fmt: skip
    stripped = change.model_copy(
        update={
            "login": _stripped(change.login),
            "person": person.model_copy(
                update={
                    "name": name,
                    "enrolments": tuple(_renamed(one) for one in person.enrolments),
                    "organization": _renamed(person.organization) if person.organization else None,
                }
            ),
        }
    )
    return stripped if all(_names(stripped.person)) else None


def _renamed(place: PlaceT) -> PlaceT:
    return place.model_copy(update={"name": _stripped(place.name)})


def _names(person: Person) -> Iterator[str | None]:
    yield from (person.name.last_name, person.name.first_name)
    yield from (one.name for one in person.enrolments)
    if person.organization:
        yield person.organization.name


def _stripped(text: str | None) -> str | None:
    """None where nothing is left."""
    left = "".join(letter for letter in text or "" if unicodedata.category(letter) != "Cf")
    return left.strip() or None
