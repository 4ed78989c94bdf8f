"""DECISION: what a row of a file says. Pure. Columns have names in two languages."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from chassis.cells import BadRow, bad_id, day, word
from pydantic import ValidationError

from identity.edits import Fields, impossible

Cells = Mapping[str, str]
USER_COLUMNS: Final = {
    "sgo_user_id": ("ИД СГО", "ИД"),
    "last_name": ("Фамилия",),
    "first_name": ("Имя",),
    "middle_name": ("Отчество",),
    "birth_date": ("Дата рождения",),
    "roles": ("Роль", "Роли"),
    "login": ("Логин",),
    "municipality": ("Муниципалитет",),
    "enrolment_id": ("ИД места учёбы",),
    "enrolment_kind": ("Вид места учёбы",),
    "enrolment_name": ("Место учёбы",),
    "organization_id": ("ИД места работы",),
    "organization_kind": ("Вид места работы",),
    "organization_name": ("Место работы",),
    "organization_municipality": ("Муниципалитет места работы",),
    "organization_authorized": ("Уполномоченная",),
}
USER_REQUIRED: Final = ("sgo_user_id", "last_name", "first_name", "roles")
# Where a problem of a whole field is shown.
COLUMN_OF: Final = {
    "id": "sgo_user_id", "name": "last_name", "organization": "organization_id",
    "enrolments": "enrolment_name",
}  # fmt: skip
LINK_COLUMNS: Final = {
    "sgo_parent_id": ("ИД родителя",),
    "sgo_child_id": ("ИД ребёнка",),
    "linked": ("Связь", "Связаны"),
}
LINK_REQUIRED: Final = ("sgo_parent_id", "sgo_child_id")
MESSAGES: Final = {
    "missing": "Ячейка пуста, а без неё нельзя",
    "invalid": "Такое значение не подходит",
    "impossible_date": "Дата рождения не раньше 1900 года и не позже сегодняшнего дня",
    "not_staff": "Место работы есть только у сотрудника: добавьте роль «сотрудник»",
    "other_facts": "Об этой организации известно другое; менять её может оператор, для всех сразу",
    "bad_login": "В логине не может быть пробелов и невидимых знаков",
    "invisible": "Есть невидимый знак: наберите это заново, не копируя",
    "login_taken": "Этот логин занят другим человеком",
    "erased": "Этот человек удалён; вернуть может только СГО",
    "repeated": "Это значение уже было в файле выше",
    "unknown_person": "Человека с таким идентификатором нет: сначала загрузите людей",
    "not_a_parent": "Это не родитель: проверьте, не перепутаны ли столбцы, и роль человека",
    "not_a_student": "Это не учащийся: проверьте, не перепутаны ли столбцы, и роль человека",
    "same_person": "Родитель и ребёнок — один и тот же человек",
}
_ID, _TEXT = "не больше 64 знаков", "не больше 200 знаков"
_PLACE: Final = "школа, детский сад, организация ДО"
_YES_OR_NO: Final = "да, нет"
USER_ALLOWED: Final = {
    "sgo_user_id": _ID,
    "last_name": _TEXT, "first_name": _TEXT, "middle_name": _TEXT,
    "birth_date": "дата, как 01.02.2016",
    "roles": "учащийся, родитель, сотрудник (можно несколько, через запятую)",
    "login": _TEXT,
    "municipality": _ID,
    "enrolment_id": _ID, "enrolment_kind": _PLACE, "enrolment_name": _TEXT,
    "organization_id": _ID, "organization_kind": _PLACE, "organization_name": _TEXT,
    "organization_municipality": _ID, "organization_authorized": _YES_OR_NO,
}  # fmt: skip
LINK_ALLOWED: Final = {"sgo_parent_id": _ID, "sgo_child_id": _ID, "linked": _YES_OR_NO}
_WORDS: Final = {
    "учащийся": "student", "ученик": "student", "воспитанник": "student",
    "родитель": "parent", "сотрудник": "staff",
    "школа": "school", "детский сад": "kindergarten",
    "организация до": "additional_education", "дополнительное образование": "additional_education",
}  # fmt: skip
_YES_NO: Final = {
    "да": True, "yes": True, "true": True, "1": True,
    "нет": False, "no": False, "false": False, "0": False,
}  # fmt: skip
_PLACES: Final = {"enrolments": "enrolment", "organization": "organization"}


def user_keys(cells: Cells) -> tuple[str, str]:
    """No two users of a file have the same id, or the same login."""
    return cells["sgo_user_id"], cells.get("login", "").lower()


def link_keys(cells: Cells) -> tuple[str, str]:
    """No two rows are about the same pair."""
    return f"{cells['sgo_parent_id']}:{cells['sgo_child_id']}", ""


def user(cells: Cells, today: date) -> tuple[str, Fields]:
    """SGO's id and what is said of the user: only the columns that the file has.

    Raises BadRow with everything that is wrong in the row by itself.
    """
    told: dict[str, Any] = {
        "name": {part: cells.get(part) or None for part in _NAMES},
        "roles": [
            word(one, _WORDS) for one in cells["roles"].replace(";", ",").split(",") if one.strip()
        ],
    }
    told |= {name: cells[name] or None for name in ("login", "municipality") if name in cells}
    if "birth_date" in cells:
        told["birth_date"] = _date(cells["birth_date"])
    if "enrolment_id" in cells:
        one = _place(cells, "enrolment") | {"organization_id": cells["enrolment_id"] or None}
        told["enrolments"] = [one] if any(one.values()) else []
    if "organization_id" in cells:
        work = _place(cells, "organization") | {"id": cells["organization_id"] or None}
        work["municipality"] = cells.get("organization_municipality") or None
        told["organization"] = work if any(work.values()) else None
        if authorized := cells.get("organization_authorized"):
            work["authorized"] = _yes_no(authorized)
    problems = bad_id(cells, "sgo_user_id")
    try:
        fields = Fields.model_validate(told)
    except ValidationError as error:
        wrong = [one["loc"] for one in error.errors(include_input=False)]
        problems += dict.fromkeys(_problem(loc, cells) for loc in wrong)
        bad = {loc[0] for loc in wrong}
        fields = Fields.model_validate({name: told[name] for name in told if name not in bad})
    problems += [(COLUMN_OF.get(field, field), code) for field, code in impossible(fields, today)]
    if problems:
        raise BadRow(problems)
    return cells["sgo_user_id"], fields


def link(cells: Cells) -> tuple[str, str, bool]:
    """SGO's ids of parent and child, and whether they are linked. Raises BadRow."""
    problems = bad_id(cells, "sgo_parent_id") + bad_id(cells, "sgo_child_id")
    linked = _yes_no(cells.get("linked") or "да")
    if not isinstance(linked, bool):
        problems.append(("linked", "invalid"))
    if cells["sgo_parent_id"] and cells["sgo_parent_id"] == cells["sgo_child_id"]:
        problems.append(("sgo_child_id", "same_person"))
    if problems:
        raise BadRow(problems)
    return cells["sgo_parent_id"], cells["sgo_child_id"], bool(linked)


_NAMES: Final = ("last_name", "first_name", "middle_name")


def _place(cells: Cells, what: str) -> dict[str, Any]:
    return {
        "kind": word(cells.get(f"{what}_kind", ""), _WORDS) or None,
        "name": cells.get(f"{what}_name") or None,
    }


def _yes_no(text: str) -> bool | str:
    return _YES_NO.get(text.casefold(), text)


def _date(text: str) -> date | str | None:
    """A date, or what is left to be refused."""
    try:
        return day(text)
    except ValueError:
        return "no date"


def _problem(loc: tuple[int | str, ...], cells: Cells) -> tuple[str, str]:
    """The column of a field that pydantic names."""
    column, inner = str(loc[0]), str(loc[-1])
    if column == "name":
        column = inner
    elif column in _PLACES:
        last = "id" if inner in {"id", "organization_id"} else inner
        column = f"{_PLACES[column]}_{last}"
    return column, "invalid" if cells.get(column) else "missing"
