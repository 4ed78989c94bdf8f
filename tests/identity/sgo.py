"""What SGO says: a call names what matters for the test, the rest is a plain example."""

from datetime import date

from contracts.events import SgoChildLinkChanged, SgoUserChanged
from contracts.values import FullName, Organization, Person, SgoRole

from tests.builders import SCHOOL

EMPLOYER = Organization(
    id="school-1", kind="school", name="Школа № 1", municipality="m1", authorized=True
)


def a_user(
    sgo_id: str = "1",
    *,
    version: int = 1,
    login: str | None = None,
    role: str = "student",
    last_name: str = "Иванов",
    born: date | None = date(2016, 5, 1),
    organization: Organization | None = None,
) -> SgoUserChanged:
    return SgoUserChanged(
        sgo_user_id=sgo_id,
        version=version,
        login=login,
        roles=(SgoRole(role),),
        person=Person(
            name=FullName(last_name=last_name, first_name="Игорь"),
            birth_date=born,
            enrolments=(SCHOOL,),
            organization=organization,
        ),
    )


def a_parent(sgo_id: str = "2", *, login: str | None = "Parent", **changes) -> SgoUserChanged:
    return a_user(sgo_id, login=login, role="parent", born=None, last_name="Петрова", **changes)


def a_link(
    parent: str = "2", child: str = "1", *, version: int = 1, linked: bool = True
) -> SgoChildLinkChanged:
    return SgoChildLinkChanged(
        sgo_parent_id=parent, sgo_child_id=child, version=version, linked=linked
    )
