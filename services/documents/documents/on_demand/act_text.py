"""What an act of erasure says: what each service has confirmed, in words. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel

from documents.on_demand.act import ActValues, Destroyed, Operator
from documents.on_demand.act_places import DESTROYED, ELSEWHERE, ENDED, FIXED_DAYS, IN_TABLES


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
    acts: int
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
        kept=tuple(_kept(erasure, made_at.astimezone(zone), days)),
    )


def _destroyed(erasure: Erasure) -> Iterator[Destroyed]:
    for one in erasure.confirmations:
        for kind, count in one.counts.items():
            if (one.service, kind) != ENDED and (count or kind == "person"):
                tables, what, how = DESTROYED.get(
                    (one.service, kind), (kind, "сведения", "удалены")
                )
                yield Destroyed(
                    where=_where(one.service, tables),
                    what=what,
                    count=count,
                    how=how if count else "не было",
                    at=one.erased_at,
                )


def _kept(erasure: Erasure, at: datetime, days: KeptDays) -> Iterator[str]:
    told = {
        name: f"{at + timedelta(days=many):%d.%m.%Y}"
        for name, many in (FIXED_DAYS | asdict(days)).items()
    }
    service, kind = ENDED
    ended = sum(one.counts.get(kind, 0) for one in erasure.confirmations if one.service == service)
    in_tables = (f"{_where(', '.join(who), tables)}: {what}" for who, tables, what in IN_TABLES)
    for line in (*ELSEWHERE, *in_tables):
        yield line.format(**told, consents=ended)


def _where(service: str, tables: str) -> str:
    return f"{service}, {'таблицы' if ',' in tables else 'таблица'} {tables}"
