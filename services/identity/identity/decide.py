"""DECISION: what a change that SGO tells makes of a user or a link. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from contracts import ages
from contracts.events import (
    ChildLinked,
    ChildUnlinked,
    SgoChildLinkChanged,
    SgoUserChanged,
    UserRegistered,
    UserUpdated,
)
from contracts.ids import derived, user_id
from contracts.values import Role


@dataclass(frozen=True, slots=True)
class KnownUser:
    """What is stored of a user before the change."""

    sgo_version: int
    version: int
    login: str | None = None
    erased_at: datetime | None = None
    own_login: bool = False
    is_merged: bool = False


@dataclass(frozen=True, slots=True)
class KnownLink:
    """What is stored of a link before the change."""

    sgo_version: int
    version: int
    linked: bool
    erased_at: datetime | None = None


def change_user(
    change: SgoUserChanged, known: KnownUser | None, at: datetime
) -> UserRegistered | None:
    """The user's new state, or None for a change that is late or repeated.

    Of a record that was merged into another one nothing is heard any more: the two would fight.
    An operator's or client's role is never SGO's to give.
    """
    if known is None:
        return UserRegistered(**_state(change, 1))
    if known.is_merged or _is_late(change.version, known, at):
        return None
    return UserUpdated(**_state(change, known.version + 1))


def _is_late(sgo_version: int, known: KnownUser | KnownLink, at: datetime) -> bool:
    """Whether what SGO says (`at`: when it happened) is older than what is known, or the same.

    A tombstone has no version. What is erased comes back by a newer version only, and only by one
    that happened after the erasure: where no version was known, the time alone decides.
    """
    erased_since = known.erased_at is not None and at <= known.erased_at
    return erased_since or sgo_version <= known.sgo_version


def lacks_login(change: SgoUserChanged, known: KnownUser | None) -> bool:
    """Whether all of this change is known here but its login, which somebody else had."""
    if known is None or known.erased_at:
        return False
    return change.version == known.sgo_version and known.login is None and change.login is not None


def keep_own_login(change: SgoUserChanged, known: KnownUser | None) -> SgoUserChanged:
    """A login that was given here stays where SGO tells none."""
    if change.login is None and known and known.own_login and not known.erased_at:
        return change.model_copy(update={"login": known.login})
    return change


class HasLogin(Protocol):
    @property
    def login(self) -> str | None: ...


def gives_up(known: HasLogin | None, login: str | None) -> str | None:
    """The login (lower case) that is free once this user has `login` instead, or None."""
    had = known.login.lower() if known and known.login else None
    return had if had != (login or "").lower() else None


def login_fact(login: str) -> str:
    """What a change waits for whose login somebody else has; operators see it, and no login."""
    return f"login:{derived(login, 'login')}"


def _state(change: SgoUserChanged, version: int) -> dict[str, object]:
    return {
        "user_id": user_id(change.sgo_user_id),
        "version": version,
        "roles": tuple(Role(role.value) for role in change.roles),
        "person": change.person,
    }


def change_link(
    change: SgoChildLinkChanged, known: KnownLink | None, at: datetime
) -> tuple[KnownLink, ChildLinked | None]:
    """The link's new state, and the event: none where nothing changes.

    Raises Late for a change that is older than what is known, or the same.
    """
    if known is not None and _is_late(change.version, known, at):
        raise Late
    was = known.linked if known else None
    version = known.version if known else 0
    if was is change.linked:
        return KnownLink(change.version, version, change.linked), None
    kind = ChildLinked if change.linked else ChildUnlinked
    return KnownLink(change.version, version + 1, change.linked), kind(
        parent_id=user_id(change.sgo_parent_id),
        child_id=user_id(change.sgo_child_id),
        version=version + 1,
    )


class Late(Exception):
    """A change that is older than what is known, or the same."""


def erase_link(
    parent_id: UUID, child_id: UUID, known: KnownLink | None, at: datetime
) -> tuple[KnownLink, ChildUnlinked | None]:
    """What a tombstone makes of a link: a mark, also where none was known."""
    known = known or KnownLink(0, 0, linked=False)
    erased_at = max(at, known.erased_at or at)
    if not known.linked:
        return replace(known, erased_at=erased_at), None
    version = known.version + 1
    event = ChildUnlinked(parent_id=parent_id, child_id=child_id, version=version)
    return KnownLink(known.sgo_version, version, linked=False, erased_at=erased_at), event


def age_on(day: date, birth_date: date | None) -> int | None:
    """Full years; None while the birth date is not known."""
    return None if birth_date is None else ages.age_on(day, birth_date)
