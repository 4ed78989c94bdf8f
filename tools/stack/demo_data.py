"""Who is in the demo: families and employees as SGO would say them, and their sign-ins.

Birth dates follow the year of the first `make up`, so that ages keep meaning what the notes say.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from contracts.events import Event, SgoChildLinkChanged, SgoUserChanged
from contracts.values import Enrolment, FullName, Organization, OrganizationKind, Person, SgoRole

MUNICIPALITY: Final = "78-01"
SCHOOL: Final = Organization(
    id="school-1", kind=OrganizationKind.school, name="Школа № 1", municipality=MUNICIPALITY
)
CLUB: Final = Organization(
    id="club-1",
    kind=OrganizationKind.additional_education,
    name="Дом детского творчества",
    municipality=MUNICIPALITY,
    authorized=True,
)
PARENT: Final = "demo-parent"
AT_SCHOOL: Final = Enrolment(organization_id=SCHOOL.id, kind=SCHOOL.kind, name=SCHOOL.name)
_LATER: Final = ("Пётр", "Фёдор", "Лев", "Тимофей", "Глеб", "Матвей", "Роман", "Егор", "Артём")


@dataclass(frozen=True)
class SignIn:
    login: str
    role: str
    note: str
    password: str = field(repr=False)

    @property
    def own(self) -> bool:
        """Made in identity itself, not by SGO."""
        return self.role in {"operator", "client"}

    @property
    def scope(self) -> str | None:
        """What a machine client may do; its login and password are its id and secret."""
        return "portal-accounts:read" if self.role == "client" else None


_SIGN_INS: Final = (
    ("ivanova", "parent", "two children"),
    ("sidorov", "parent", "no children"),
    ("petrov", "student", "14 or older"),
    ("smirnova", "student", "under 14"),
    ("club", "staff", "authorized"),
    ("school", "staff", "school"),
    ("operator", "operator", "operator"),
    ("pfdo", "client", "pfdo"),
)


def sign_ins(kept: Path) -> list[SignIn]:
    """With the passwords of an earlier run, where there was one."""
    try:
        known = {user["login"]: user["password"] for user in json.loads(kept.read_text())["users"]}
    except (OSError, ValueError, KeyError, TypeError):
        known = {}
    return [
        SignIn(login, role, note, known.get(login) or secrets.token_urlsafe(9))
        for login, role, note in _SIGN_INS
    ]


def events(today: date) -> Sequence[Event]:
    """Everything SGO says of the demo's people."""
    return [
        _user(PARENT, SgoRole.parent, "Иванова Мария Петровна", login="ivanova"),
        *new_child("demo-child-1", "Иванов Игорь Иванович", 12, today),
        *new_child("demo-child-2", "Иванова Александра Ивановна", 9, today),
        _user("demo-parent-2", SgoRole.parent, "Сидоров Пётр Ильич", login="sidorov"),
        _user("demo-student-1", SgoRole.student, "Петров Олег Андреевич", login="petrov",
              born=_born(16, today), enrolments=(AT_SCHOOL,)),
        _user("demo-student-2", SgoRole.student, "Смирнова Анна Игоревна", login="smirnova",
              born=_born(12, today), enrolments=(AT_SCHOOL,)),
        _user("demo-staff-1", SgoRole.staff, "Кузнецова Ольга Юрьевна", login="club", works=CLUB),
        _user("demo-staff-2", SgoRole.staff, "Орлова Вера Павловна", login="school", works=SCHOOL),
    ]  # fmt: skip


def new_child(sgo_id: str, name: str, age: int, today: date) -> Sequence[Event]:
    """A schoolchild of the parent «two children», and the link between them."""
    return [
        _user(sgo_id, SgoRole.student, name, born=_born(age, today), enrolments=(AT_SCHOOL,)),
        SgoChildLinkChanged(sgo_parent_id=PARENT, sgo_child_id=sgo_id, version=1, linked=True),
    ]


def later_name(place: int) -> str:
    """A name for the family's third child and the following."""
    return f"Иванов {_LATER[place % len(_LATER)]} Иванович"


def _born(age: int, today: date) -> date:
    return date(today.year - age, 1, 15)


def _user(
    sgo_id: str,
    role: SgoRole,
    name: str,
    *,
    login: str | None = None,
    born: date | None = None,
    enrolments: tuple[Enrolment, ...] = (),
    works: Organization | None = None,
) -> SgoUserChanged:
    last, first, middle = name.split()
    return SgoUserChanged(
        sgo_user_id=sgo_id,
        version=1,
        login=login,
        roles=(role,),
        person=Person(
            name=FullName(last_name=last, first_name=first, middle_name=middle),
            birth_date=born,
            municipality=MUNICIPALITY,
            enrolments=enrolments,
            organization=works,
        ),
    )
