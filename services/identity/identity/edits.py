"""DECISION: what an operator's hand, or a row of a file, makes of a user or a link. Pure.

SGO stays the master: its next full state replaces what was edited here (ADR 10). So an edit counts
our `version` on and leaves SGO's alone.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from contracts.events import ChildLinked, ChildUnlinked, UserRegistered, UserUpdated
from contracts.values import (
    Code,
    Enrolment,
    FullName,
    Organization,
    Person,
    Role,
    SgoRole,
    Text,
    WrittenDay,
)
from pydantic import BaseModel, ConfigDict, Field

from identity import organizations, visible
from identity.decide import KnownLink

OURS = frozenset({Role.operator, Role.client})
OLDEST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Stored:
    """A user as stored, whole; `person` is None once erased."""

    user_id: UUID
    sgo_user_id: str | None
    sgo_version: int
    version: int
    login: str | None
    own_login: bool
    roles: tuple[Role, ...]
    person: Person | None
    erased_at: datetime | None = None
    merged_into: UUID | None = None

    @property
    def is_ours(self) -> bool:
        """Operators and machine clients are made on the server, and out of an operator's reach."""
        return bool(OURS & set(self.roles))


class Fields(BaseModel):
    """What may be said of a user; what is not set stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    login: Text | None = None
    roles: Annotated[tuple[SgoRole, ...], Field(min_length=1, max_length=3)] = (SgoRole.student,)
    name: FullName | None = None
    birth_date: WrittenDay | None = None
    municipality: Code | None = None
    enrolments: Annotated[tuple[Enrolment, ...], Field(max_length=20)] = ()
    organization: Organization | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """The event, the login that goes with it, and whether the login was given here."""

    event: UserRegistered
    login: str | None
    own_login: bool


class Refused(Exception):
    """`code` says which rule, `field` where."""

    def __init__(self, code: str, field: str) -> None:
        super().__init__(code)
        self.code = code
        self.field = field


def edit_user(
    user_id: UUID,
    known: Stored | None,
    fields: Fields,
    today: date,
    *,
    may_make: bool = True,
    place: Organization | None = None,
) -> Edited | None:
    """The user's new state, or None where all is so already. Raises Refused.

    Who was erased does not come back by an edit or an old list: only SGO may take that back.
    `place`: where they are said to work, as it is known; it is not changed by the way.
    """
    if known and known.erased_at:
        raise Refused("erased", "id")
    if (known and known.is_ours) or (known is None and not may_make):
        raise Refused("not_found", "id")
    _expect_possible(fields, today)
    _expect_visible(fields)
    if fields.organization:
        agreed = organizations.agree(fields.organization, place)
        if agreed is None:
            raise Refused("other_facts", "organization")
        fields = fields.model_copy(update={"organization": agreed})
    if known is None:
        return _made(user_id, fields)
    assert known.person is not None
    told = fields.model_fields_set
    login = fields.login if "login" in told else known.login
    roles = _roles(fields) if "roles" in told else known.roles
    person = known.person.model_copy(update=_person(fields, told))
    if (login, set(roles), person) == (known.login, set(known.roles), known.person):
        return None
    event = UserUpdated(user_id=user_id, version=known.version + 1, roles=roles, person=person)
    own = bool(login) and (known.own_login or login != known.login)
    return Edited(event, login, own)


def _made(user_id: UUID, fields: Fields) -> Edited:
    if fields.name is None:
        raise Refused("missing", "name")
    if "roles" not in fields.model_fields_set:
        raise Refused("missing", "roles")
    person = Person(name=fields.name).model_copy(update=_person(fields, fields.model_fields_set))
    event = UserRegistered(user_id=user_id, version=1, roles=_roles(fields), person=person)
    return Edited(event, fields.login, bool(fields.login))


def _expect_possible(fields: Fields, today: date) -> None:
    for field, code in impossible(fields, today):
        raise Refused(code, field)


def impossible(fields: Fields, today: date) -> list[tuple[str, str]]:
    """What cannot be said of anybody, whoever it is about: field and code of each."""
    told = fields.model_fields_set
    born = fields.birth_date
    checks = (
        ("name", "missing", "name" in told and fields.name is None),
        ("birth_date", "impossible_date", born is not None and not OLDEST <= born <= today),
        (
            "organization", "not_staff",
            fields.organization and "roles" in told and SgoRole.staff not in fields.roles,
        ),
    )  # fmt: skip
    return [(field, code) for field, code, wrong in checks if wrong]


def _expect_visible(fields: Fields) -> None:
    if fields.login and not visible.is_login(fields.login):
        raise Refused("bad_login", "login")
    written = fields.name.model_dump() if fields.name else {}
    written |= {
        "municipality": fields.municipality,
        "enrolments": "".join(visible.told_of(one) for one in fields.enrolments),
        "organization": visible.told_of(fields.organization),
    }
    for field, text in written.items():
        if text and not visible.is_visible(text):
            raise Refused("invisible", field)


def _roles(fields: Fields) -> tuple[Role, ...]:
    return tuple(Role(role.value) for role in dict.fromkeys(fields.roles))


def _person(fields: Fields, told: set[str]) -> dict[str, Any]:
    return {name: getattr(fields, name) for name in told & set(Person.model_fields)}


def why_no_link(parent: frozenset[Role], child: frozenset[Role]) -> tuple[str, str] | None:
    """Which of the two lacks the role of that side of a link, and the code; None: neither.

    Of links that SGO tells, the child's role is asked when they are used: they may come first.
    """
    if Role.parent not in parent:
        return "parent_id", "not_a_parent"
    if Role.student not in child:
        return "child_id", "not_a_student"
    return None


def link(
    parent_id: UUID, child_id: UUID, known: KnownLink | None
) -> tuple[KnownLink, ChildLinked | None]:
    """The parent may act for the child from now on; the mark of an earlier erasure stays."""
    known = known or KnownLink(0, 0, linked=False)
    if known.linked:
        return known, None
    made = replace(known, version=known.version + 1, linked=True)
    return made, ChildLinked(parent_id=parent_id, child_id=child_id, version=made.version)


def unlink(
    parent_id: UUID, child_id: UUID, known: KnownLink | None, at: datetime
) -> tuple[KnownLink, ChildUnlinked | None]:
    """The link ends; what SGO said before this moment does not open it again.

    Raises Refused where there never was a link.
    """
    if known is None or known.version == 0:
        raise Refused("not_found", "link")
    if not known.linked:
        return known, None
    ended = replace(known, version=known.version + 1, linked=False, erased_at=at)
    event = ChildUnlinked(parent_id=parent_id, child_id=child_id, version=ended.version)
    return ended, event


def merge(survivor: Stored, duplicate: Stored) -> Edited | None:
    """What the survivor becomes: its own words first, gaps filled from the duplicate.

    A survivor without a login takes the duplicate's; a second login is closed. None: no change.
    """
    assert survivor.person is not None
    assert duplicate.person is not None
    mine, other = survivor.person, duplicate.person
    places = {one.organization_id: one for one in (*other.enrolments, *mine.enrolments)}
    name = mine.name
    if name.middle_name is None:
        name = name.model_copy(update={"middle_name": other.name.middle_name})
    gaps = {
        part: getattr(other, part)
        for part in ("birth_date", "municipality", "organization")
        if getattr(mine, part) is None
    }
    enrolments = (*mine.enrolments, *(one for one in places.values() if one not in mine.enrolments))
    person = mine.model_copy(update=gaps | {"name": name, "enrolments": enrolments})
    roles = tuple(dict.fromkeys((*survivor.roles, *duplicate.roles)))
    login = survivor.login or duplicate.login
    if (login, roles, person) == (survivor.login, survivor.roles, mine):
        return None
    event = UserUpdated(
        user_id=survivor.user_id, version=survivor.version + 1, roles=roles, person=person
    )
    own = survivor.own_login if survivor.login else bool(login)
    return Edited(event, login, own)
