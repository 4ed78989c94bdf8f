"""What an act of erasure says: what each service has confirmed, in words. Pure.

Every place where something of a person may still lie is named, with the day until which it does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel

from documents.on_demand.act import ActValues, Destroyed, Operator

COMPACTED_WITHIN_DAYS: Final = 7  # a day until it is due, and time for the broker to come to it
SGO_TOPIC_DAYS: Final = 37  # 30 days, and the segment that is being written
FIELDS, ROWS, KEYS = "поля записи стёрты", "записи удалены", "ключ и шифртекст удалены"
_QUARANTINE: Final = "записи о человеке, которые не удалось применить"
_WORDS: Final = {
    ("identity", "person"): (
        "users", "имя, дата рождения, логин, роли, места учёбы и работы", FIELDS,
    ),
    ("identity", "password"): ("passwords", "хэш пароля", ROWS),
    ("identity", "outbox_sent"): (
        "outbox, outbox_sent", "сообщения с прежними сведениями о человеке", ROWS,
    ),
    ("identity", "quarantine"): ("quarantine", _QUARANTINE, ROWS),
    ("certificates", "person"): (
        "people", "имя, дата рождения, муниципалитет, места учёбы и работы", FIELDS,
    ),
    ("certificates", "remarks"): (
        "changes", "что сотрудник записал о документах, и примечания", FIELDS,
    ),
    ("certificates", "quarantine"): ("quarantine", _QUARANTINE, ROWS),
    ("documents", "person"): ("people", "имя, дата рождения, школа, место работы", FIELDS),
    ("documents", "data_keys"): (
        "credentials", "имя, логин и пароль портала в документах", KEYS,
    ),
    ("documents", "quarantine"): ("quarantine", _QUARANTINE, ROWS),
}  # fmt: skip


class Confirmation(BaseModel):
    service: str
    counts: Mapping[str, int]
    erased_at: AwareDatetime


class Erasure(BaseModel):
    """As identity tells it."""

    id: UUID
    user_id: UUID
    reason: str
    ordered_by: UUID | None
    state: str
    confirmations: list[Confirmation]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDays:
    """For how long what is no part of an erasure stays."""

    inbox: int
    outbox_sent: int
    refusals: int
    journal: int
    rotations: int
    backups: int


def act_of(erasure: Erasure, days: KeptDays, operator: Operator, zone: ZoneInfo) -> ActValues:
    """Made when the last service has confirmed; asked for again, it is the same act."""
    made_at = max(one.erased_at for one in erasure.confirmations)
    return ActValues(
        act_id=erasure.id,
        subject_id=erasure.user_id,
        reason=erasure.reason,
        ordered_by=erasure.ordered_by,
        made_at=made_at,
        zone=zone,
        operator=operator,
        destroyed=tuple(_destroyed(erasure)),
        kept=tuple(_kept(made_at.astimezone(zone), days)),
    )


def _destroyed(erasure: Erasure) -> Iterator[Destroyed]:
    for one in erasure.confirmations:
        for kind, count in one.counts.items():
            if count or kind == "person":
                table, what, how = _WORDS.get((one.service, kind), (kind, "сведения", "удалены"))
                yield Destroyed(
                    where=f"{one.service}, {'таблицы' if ',' in table else 'таблица'} {table}",
                    what=what,
                    count=count,
                    how=how if count else "не было",
                    at=one.erased_at,
                )


def _kept(at: datetime, days: KeptDays) -> Iterator[str]:
    def until(more: int) -> str:
        return f"{at + timedelta(days=more):%d.%m.%Y}"

    yield (
        f"Резервные копии баз и Kafka: прежние сведения, до {until(days.backups)}. "
        "После восстановления из копии удаление повторяют."
    )
    yield (
        "Kafka, топик identity.users.v1: прежние сведения, пока брокер не сожмёт топик, "
        f"до {until(COMPACTED_WITHIN_DAYS)}."
    )
    yield f"Kafka, топик sgo.users.v1: что сообщала АИС СГО, до {until(SGO_TOPIC_DAYS)}."
    yield (
        "Таблицы quarantine: записи, в которых человека нельзя узнать по ключу, зашифрованы; "
        "до разбора оператором и ещё 30 дней."
    )
    yield (
        "Таблицы outbox_sent сервисов certificates и documents: события без имён, "
        f"до {until(days.outbox_sent)}."
    )
    yield (f"Таблицы inbox: идентификаторы и хэши принятых событий, до {until(days.inbox)}.")
    yield (
        "Журналы: кто, когда и зачем обращался к записям, идентификаторами; "
        f"до {until(days.journal)}."
    )
    yield (
        "Таблица consents: кто, за кого, на какой текст и когда согласился, идентификаторами; "
        "это доказательство согласия (часть 3 статьи 9 152-ФЗ), 3 года после отзыва, "
        "а неотозванное — после удаления данных ребёнка."
    )
    yield (
        "Таблица certificate_requests: кто, за кого, когда просил и что решено, идентификаторами; "
        "по ней отвечают, почему выдано или отказано. "
        f"Отказы до {until(days.refusals)}, остальное бессрочно."
    )
    yield (
        "Таблицы child_links всех сервисов: пары идентификаторов и есть ли связь; бессрочно, "
        "чтобы запоздавшее сообщение не вернуло прежнюю связь."
    )
    yield (
        "Таблица rotations сервиса documents: кто и когда менял пароль портала, идентификаторами; "
        f"до {until(days.rotations)}."
    )
    yield (
        "Таблицы upload_rows сервисов identity и certificates: строки загруженного файла, пока "
        "файл обрабатывается; строка удаляется, как только обработана, а если загрузка "
        "оборвалась — через час."
    )
    yield (
        "Сертификат без имени (номер, статус, даты, кто и когда менял): бессрочно, номер не выдают "
        "второй раз; действовавший аннулирован."
    )
