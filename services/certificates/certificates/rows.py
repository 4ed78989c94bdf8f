"""DECISION: what a row of another system's certificates says. Pure. Columns have two names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from chassis.cells import BadRow, bad_id, day, word
from contracts.ids import user_id
from contracts.values import CertificateStatus, Code, Day
from pydantic import TypeAdapter, ValidationError

from certificates.life_cycle import ACTIVE, LIVING, PENDING, SUSPENDED

Cells = Mapping[str, str]
Problems = list[tuple[str, str]]
COLUMNS: Final = {
    "sgo_child_id": ("ИД ребёнка", "ИД СГО"),
    "number": ("Номер", "Номер сертификата"),
    "status": ("Статус",),
    "valid_from": ("Действует с", "Дата начала"),
    "valid_until": ("Действует по", "Дата окончания"),
    "issued_on": ("Дата выдачи",),
    "status_since": ("Статус с",),
    "organization_id": ("ИД организации",),
    "reason": ("Код причины",),
}
REQUIRED: Final = ("sgo_child_id", "number", "status", "valid_from", "valid_until", "issued_on")
REASON_NOT_TOLD: Final = "imported"
MESSAGES: Final = {
    "missing": "Ячейка пуста: заполните её",
    "invalid": "Такое значение не подходит",
    "bad_number": "Нужны 10 или 12 цифр. Если Excel показал его как 7,85E+11, задайте столбцу"
    " текстовый формат и впишите номер заново",
    "bad_status": "Такого статуса нет. Бывают: неактивирован, активный, приостановлен, срок истёк,"
    " аннулирован",
    "bad_date": "Такой даты нет: напишите её как 01.09.2026",
    "in_future": "Этот день ещё не наступил: проверьте дату",
    "dates_reversed": "Эта дата позже последнего дня действия: проверьте обе",
    "before_issue": "Эта дата раньше даты выдачи: проверьте обе",
    "not_begun": "Активный или приостановленный сертификат уже начал действовать: проверьте дату"
    " или поставьте статус «неактивирован»",
    "already_over": "Последний день действия прошёл: поставьте статус «срок истёк» или исправьте"
    " дату",
    "not_over_yet": "Последний день действия ещё не прошёл: исправьте статус или дату",
    "bad_reason": "Код причины — строчные латинские буквы, цифры и _, не больше 64; его можно не"
    " указывать",
    "organization_missing": "У активного и приостановленного сертификата укажите организацию,"
    " которая его активировала",
    "unknown_person": "Человека с таким идентификатором нет: сначала загрузите людей",
    "not_a_student": "Это не учащийся: проверьте идентификатор",
    "erased": "Данные этого ребёнка удалены: сертификат загрузить нельзя",
    "not_enrolled": "Ребёнок нигде не зачислен: сначала загрузите его место учёбы",
    "outlives_18": "Сертификат действует не дольше, чем до дня перед 18-летием: исправьте"
    " последний день или дату рождения ребёнка",
    "repeated": "Этот номер уже был в файле выше: оставьте одну строку",
    "second_living": "У этого ребёнка в файле выше уже есть действующий сертификат: действующим"
    " может быть один, исправьте статус",
    "number_taken": "Этот номер у сертификата другого ребёнка: проверьте номер и ребёнка",
    "differs": "Сертификат с этим номером уже есть, но статус или даты другие. Загрузка ничего не"
    " меняет: статус меняет уполномоченная организация",
    "already_has_certificate": "У ребёнка уже есть действующий сертификат с другим номером: его"
    " можно аннулировать в уполномоченной организации",
}  # fmt: skip
ALLOWED: Final = dict.fromkeys(("sgo_child_id", "organization_id"), "не больше 64 знаков")
EXPIRED, ANNULLED = CertificateStatus.expired, CertificateStatus.annulled
_STATUSES: Final = {status.value: status for status in CertificateStatus} | {
    "неактивирован": PENDING, "не активирован": PENDING,
    "активный": ACTIVE, "активен": ACTIVE, "активирован": ACTIVE,
    "приостановлен": SUSPENDED,
    "срок истек": EXPIRED, "истек": EXPIRED,
    "аннулирован": ANNULLED,
}  # fmt: skip
_day: Final = TypeAdapter[date](Day)
_code: Final = TypeAdapter[str](Code)
_FIRST_DAY: Final = date(1970, 1, 2)  # of what events can tell as a moment, in any time zone


@dataclass(frozen=True, slots=True)
class Wanted:
    """A certificate as another system knows it. `since`: the day of its status."""

    child_id: UUID
    number: str
    status: CertificateStatus
    valid_from: date
    valid_until: date
    issued_on: date
    since: date
    organization_id: str = ""
    reason: str = REASON_NOT_TOLD

    @property
    def is_living(self) -> bool:
        return self.status in LIVING


def keys(cells: Cells) -> tuple[str, str]:
    """No two rows have the same number, or are a living certificate of the same child."""
    living = word(cells["status"], _STATUSES) in LIVING
    return _number(cells), cells["sgo_child_id"] if living else ""


def certificate(cells: Cells, today: date) -> Wanted:
    """Raises BadRow with everything that is wrong in the row by itself."""
    problems = bad_id(cells, "sgo_child_id")
    if not re.fullmatch("[0-9]{10}|[0-9]{12}", _number(cells)):
        problems.append(("number", "bad_number" if cells["number"] else "missing"))
    status = word(cells["status"], _STATUSES)
    if not isinstance(status, CertificateStatus):
        problems.append(("status", "bad_status" if cells["status"] else "missing"))
    days = {
        column: _date(cells, column, problems)
        for column in ("valid_from", "valid_until", "issued_on", "status_since")
    }
    reason = cells.get("reason") or REASON_NOT_TOLD
    if not re.fullmatch("[a-z0-9_]{1,64}", reason):
        problems.append(("reason", "bad_reason"))
    known = status if isinstance(status, CertificateStatus) else None
    organization_id = cells.get("organization_id", "")
    problems += [*_bad_days(known, days, today), *_bad_organization(known, organization_id)]
    if problems:
        raise BadRow(problems)
    valid_from, valid_until, issued_on = days["valid_from"], days["valid_until"], days["issued_on"]
    assert known is not None
    assert valid_from is not None
    assert valid_until is not None
    assert issued_on is not None
    own_day = valid_until + timedelta(days=1) if known is EXPIRED else issued_on
    return Wanted(
        user_id(cells["sgo_child_id"]), _number(cells), known, valid_from, valid_until, issued_on,
        days["status_since"] or own_day, organization_id, reason,
    )  # fmt: skip


def _number(cells: Cells) -> str:
    return "".join(cells["number"].split())


def _date(cells: Cells, column: str, problems: Problems) -> date | None:
    text = cells.get(column, "")
    try:
        found = day(text)
        if found is None and column in REQUIRED:
            problems.append((column, "missing"))
        return None if found is None else _day.validate_python(found)
    except ValueError:
        problems.append((column, "bad_date"))
        return None


def _bad_days(
    status: CertificateStatus | None, days: Mapping[str, date | None], today: date
) -> Problems:
    """What does not go together, each by the column to look at; None is not known."""
    first, last, issued, since = (
        days[column] for column in ("valid_from", "valid_until", "issued_on", "status_since")
    )
    over = _before(last, today)
    begun = status in (ACTIVE, SUSPENDED)
    checks = (
        ("valid_from", "dates_reversed", _before(last, first)),
        ("issued_on", "dates_reversed", _before(last, issued)),
        ("issued_on", "in_future", _before(today, issued)),
        ("issued_on", "bad_date", _before(issued, _FIRST_DAY)),
        ("status_since", "in_future", status not in (None, EXPIRED) and _before(today, since)),
        ("status_since", "before_issue", _before(since, issued)),
        ("valid_from", "not_begun", begun and _before(today, first)),
        ("status", "already_over", status in LIVING and over),
        ("status", "not_over_yet", status is EXPIRED and last is not None and not over),
    )
    return [(column, code) for column, code, wrong in checks if wrong]


def _before(one: date | None, other: date | None) -> bool:
    return one is not None and other is not None and one < other


def _bad_organization(status: CertificateStatus | None, organization_id: str) -> Problems:
    """Whoever activated it is said in the event of that."""
    if status not in (ACTIVE, SUSPENDED):
        return []
    try:
        _code.validate_python(organization_id)
    except ValidationError:
        return [("organization_id", "invalid" if organization_id else "organization_missing")]
    return []
