"""DECISION: what is true of an organization, and so of all who work there. Pure (ADR 10).

An organization is told of only as a part of its employees. Of two words on it the later one holds;
once an operator has said what it is, theirs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from contracts.events import UserRegistered
from contracts.values import Organization

UserT = TypeVar("UserT", bound=UserRegistered)


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of an organization; `changed_at`: when it was said, by SGO's clock or ours."""

    facts: Organization
    changed_at: datetime
    by_operator: bool = False


def hear(
    known: Mapping[str, Known], told: Iterable[tuple[Organization, datetime]]
) -> dict[str, Known]:
    """What SGO's words on its employees make of organizations, in any order that they come in.

    The same moment changes nothing: of two employees who are told of at once the first one counts.
    """
    heard = dict(known)
    for facts, at in told:
        was = heard.get(facts.id)
        if was is None or (not was.by_operator and at > was.changed_at):
            heard[facts.id] = Known(facts, at)
    return heard


def learn(
    known: Mapping[str, Known], told: Iterable[tuple[Organization, datetime]]
) -> dict[str, Known]:
    """What an edit of somebody says of where they work counts where nothing is known of it."""
    return {facts.id: Known(facts, at) for facts, at in told} | dict(known)


def agree(told: Organization, known: Organization | None) -> Organization | None:
    """The organization that an edit of one person means, or None where it says something else.

    What the edit leaves out is as it is known.
    """
    if known is None:
        return told
    left_out = set(Organization.model_fields) - told.model_fields_set
    whole = told.model_copy(update={name: getattr(known, name) for name in left_out})
    return known if whole == known else None


def at_work(event: UserT, known: Mapping[str, Known]) -> UserT:
    """The user, working at an organization as it is known."""
    own = event.person.organization
    if own is None or own.id not in known or known[own.id].facts == own:
        return event
    person = event.person.model_copy(update={"organization": known[own.id].facts})
    return event.model_copy(update={"person": person})
