"""Who lives in the demo: the family of the manual, and one of each who may sign in.

Ages hold whenever the demo is started: a birthday that has passed is a new version of the user.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.events import SgoChildLinkChanged, SgoUserChanged
from contracts.values import Enrolment, FullName, Organization, OrganizationKind, Person, SgoRole

MUNICIPALITY: Final = "78-central"
SCHOOL: Final = Enrolment(
    organization_id="school-1", kind=OrganizationKind.school, name="ГБОУ «Школа № 1»"
)
SCHOOL_EMPLOYER: Final = Organization(
    id="school-1",
    kind=OrganizationKind.school,
    name="ГБОУ «Школа № 1»",
    municipality=MUNICIPALITY,
)
CENTRE: Final = Organization(
    id="centre-1",
    kind=OrganizationKind.additional_education,
    name="Дом детского творчества «Радуга»",
    municipality=MUNICIPALITY,
    authorized=True,
)
PARENT: Final = "demo-parent"
OWN_USERS: Final = (
    ("operator", "operator", "Региональный оператор"),
    ("pfdo", "client", "АИС ПФДО"),
)
_MORE_NAMES: Final = ("Михаил", "Даниил", "Тимофей", "Матвей", "Роман", "Кирилл", "Платон")


@dataclass(frozen=True)
class SignIn:
    """Somebody whose login and password the demo prints."""

    login: str
    role: str
    note: str


SIGN_INS: Final = (
    SignIn("ivanova", "parent", "two children"),
    SignIn("smirnova", "parent", "no children"),
    SignIn("petrov", "student", "14 or older"),
    SignIn("sidorov", "student", "under 14"),
    SignIn("raduga", "staff", "authorized"),
    SignIn("school", "staff", "school"),
    SignIn("operator", "operator", "operator"),
    SignIn("pfdo", "client", "pfdo"),
)


def users(today: date) -> Sequence[SgoUserChanged]:
    """Everybody whom SGO tells of."""
    return (
        _adult(PARENT, "ivanova", SgoRole.parent, "Иванова Мария Петровна"),
        _adult("demo-parent-0", "smirnova", SgoRole.parent, "Смирнова Ольга Юрьевна"),
        _adult("demo-staff-1", "raduga", SgoRole.staff, "Кузнецова Анна Сергеевна", CENTRE),
        _adult("demo-staff-2", "school", SgoRole.staff, "Попов Олег Иванович", SCHOOL_EMPLOYER),
        pupil("demo-child-1", "Иванов Игорь Иванович", age=9, today=today),
        pupil("demo-child-2", "Иванова Александра Ивановна", age=12, today=today),
        pupil("demo-student-14", "Петров Артём Денисович", age=15, today=today, login="petrov"),
        pupil("demo-student-13", "Сидоров Лев Ильич", age=11, today=today, login="sidorov"),
    )


def links() -> Sequence[SgoChildLinkChanged]:
    return tuple(link(child) for child in ("demo-child-1", "demo-child-2"))


def link(child: str) -> SgoChildLinkChanged:
    """The parent of the demo has this child."""
    return SgoChildLinkChanged(sgo_parent_id=PARENT, sgo_child_id=child, version=1, linked=True)


def one_more(count: int, today: date) -> tuple[SgoUserChanged, SgoChildLinkChanged]:
    """A further child of the family, when all the others have their certificates."""
    child = f"demo-child-{count}"
    name = f"Иванов {_MORE_NAMES[count % len(_MORE_NAMES)]} Иванович"
    return pupil(child, name, age=7, today=today), link(child)


def pupil(
    sgo_user_id: str, name: str, *, age: int, today: date, login: str | None = None
) -> SgoUserChanged:
    """A child of that age today, at school."""
    has_had_birthday = (today.month, today.day) >= (4, 12)
    born = date(today.year - age - (0 if has_had_birthday else 1), 4, 12)
    return SgoUserChanged(
        sgo_user_id=sgo_user_id,
        version=born.year,
        login=login,
        roles=(SgoRole.student,),
        person=Person(
            name=_name(name), birth_date=born, municipality=MUNICIPALITY, enrolments=(SCHOOL,)
        ),
    )


def _adult(
    sgo_user_id: str, login: str, role: SgoRole, name: str, employer: Organization | None = None
) -> SgoUserChanged:
    return SgoUserChanged(
        sgo_user_id=sgo_user_id,
        version=1,
        login=login,
        roles=(role,),
        person=Person(
            name=_name(name),
            birth_date=date(1988, 9, 30),
            municipality=MUNICIPALITY,
            organization=employer,
        ),
    )


def _name(text: str) -> FullName:
    last, first, middle = text.split()
    return FullName(last_name=last, first_name=first, middle_name=middle)
