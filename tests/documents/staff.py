"""People at organizations, and all to whom a child's documents are not there."""

from typing import Any

from contracts.events import UserRegistered
from contracts.values import Enrolment, Organization

from tests.builders import a_user

WHY = {"reason": "принесли заявление"}
OUTSIDERS = [
    ("neighbours parent", "parent"),
    ("neighbour", "student"),
    ("stranger", "parent"),
    ("teacher", "staff"),
    ("boss", "operator"),
    ("portal", "client"),
]


def a_clerk(name: str = "clerk", *, authorized: bool = True, version: int = 1) -> UserRegistered:
    """An employee of an organization, authorized or not."""
    centre = Organization(
        id="centre-1",
        kind="additional_education",
        name="Центр творчества",
        municipality="m1",
        authorized=authorized,
    )
    return a_user(
        name, role="staff", born=None, enrolled=False, version=version, organization=centre
    )


def of_clerks_own(name: str = "child", **changes: Any) -> UserRegistered:
    """A child who is enrolled where the clerk works."""
    user = a_user(name, **changes)
    enrolled = Enrolment(organization_id="centre-1", kind="additional_education", name="Центр")
    person = user.person.model_copy(update={"enrolments": (*user.person.enrolments, enrolled)})
    return user.model_copy(update={"person": person})
