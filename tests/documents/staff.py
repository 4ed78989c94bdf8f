"""People at organizations, and all to whom a child's documents are not there."""

from contracts.events import UserRegistered
from contracts.values import Organization

from tests.builders import a_user

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
