"""HTTP IN for the desk: certificates are found by what is presented, or by whom they are of."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from chassis import journal, pages
from chassis.doors import TheStore, Why
from chassis.openapi import answers
from chassis.problems import Problem
from chassis.throttle import expect_seldom
from contracts.ids import certificate_of_token
from contracts.values import CertificateStatus, RequesterRole, WrittenDay
from fastapi import APIRouter, Query
from pydantic import BaseModel

from certificates import desk_store
from certificates.api.common import (
    NO_NUL,
    AtTheDesk,
    CertificateCard,
    TheDoors,
    TheMoment,
    card,
    desk_of,
    expect_digits,
    expect_well_typed,
)

router = APIRouter(tags=["desk"])
PAGE_ROWS_MAX = 50
SURNAME_LETTERS_MIN = 2


class FoundChild(BaseModel):
    id: UUID
    full_name: str | None
    birth_date: date | None


class FoundCertificate(CertificateCard):
    child: FoundChild


class Found(BaseModel):
    """`next`: where the following page begins, for `after`; `outside`: more needs a reason."""

    items: list[FoundCertificate]
    next: str | None = None
    outside: int = 0


@router.get("/certificates", responses=answers(429))
async def find_certificates(
    who: AtTheDesk,
    store_: TheStore,
    at: TheMoment,
    doors: TheDoors,
    number: Annotated[str | None, Query(max_length=40)] = None,
    token: Annotated[str | None, Query(max_length=400, pattern=NO_NUL)] = None,
    name: Annotated[str | None, Query(max_length=200, pattern=NO_NUL)] = None,
    birth_date: WrittenDay | None = None,
    status: CertificateStatus | None = None,
    reason: Why = None,
    after: Annotated[str | None, Query(max_length=2000)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS_MAX,
) -> Found:
    """By number, by QR, or by surname, or surname and first name, and birth date, paged.

    A number may have spaces and dashes; `token` is the address in the QR, or its last part; the
    end of a name may be left out. Children of other organizations are found only by name and birth
    date together, with a `reason`; who presents a number or a QR has given one. Each child that is
    shown is journalled. At most 60 searches a minute.
    """
    expect_seldom(doors.searched, str(who.user_id), at)
    async with store_.transaction() as tx:
        organization = await desk_of(tx, who)
        if number is not None:
            found = await _by_number(tx, number)
            why = reason or "номер предъявлен"
        elif token is not None:
            found = await _by_token(tx, token)
            why = reason or "QR-код предъявлен"
        else:
            why = reason or "своя организация"
            found = await _by_person(
                tx, organization, name, birth_date, status, after, limit, outside=reason is not None
            )
        await journal.looks(
            tx,
            [
                journal.Entry(at, who.user_id, RequesterRole.staff, "found_by_desk", one.child.id,
                              organization, why)
                for one in found.items
            ],
        )  # fmt: skip
    return found


async def _by_number(tx: Any, number: str) -> Found:
    typed = expect_digits(number)
    row = await desk_store.find_by_number(tx, typed)
    if row is None:
        expect_well_typed(typed)
        return Found(items=[])
    return Found(items=[_found(row)])


async def _by_token(tx: Any, token: str) -> Found:
    try:
        certificate_id = certificate_of_token("".join(token.split()).rstrip("/").rpartition("/")[2])
    except ValueError:
        raise Problem(
            422, "invalid_token", "Это не QR-код сертификата", "Найдите сертификат по номеру."
        ) from None
    row = await desk_store.find_by_id(tx, certificate_id)
    return Found(items=[_found(row)] if row else [])


async def _by_person(
    tx: Any,
    organization: str,
    name: str | None,
    birth_date: date | None,
    status: CertificateStatus | None,
    after: str | None,
    limit: int,
    *,
    outside: bool,
) -> Found:
    plain = None if name is None else desk_store.plain_name(name)
    _expect_somebody(plain, birth_date, outside=outside)
    rows, hidden = await desk_store.find_people(
        tx,
        organization=organization,
        name=plain,
        birth_date=birth_date,
        status=status,
        after=pages.opened(after, _place),
        rows_max=limit + 1,
        outside=outside,
    )
    more = rows[limit - 1] if len(rows) > limit else None
    return Found(
        items=[_found(row) for row in rows[:limit]],
        next=pages.closed(more["sort_name"], str(more["certificate_id"])) if more else None,
        outside=hidden,
    )


def _expect_somebody(plain: str | None, birth_date: date | None, *, outside: bool) -> None:
    """Raise 422 for a search that is for nobody, or for everybody."""
    if plain is None and birth_date is None:
        raise Problem(
            422, "nothing_to_search", "Укажите, кого искать", "Номер, фамилию или дату рождения."
        )
    if plain is not None and sum(map(str.isalpha, plain.partition(" ")[0])) < SURNAME_LETTERS_MIN:
        raise Problem(
            422,
            "name_too_short",
            "Слишком короткая фамилия",
            "Начните с фамилии: хотя бы две буквы.",
        )
    if outside and (plain is None or birth_date is None):
        raise Problem(
            422,
            "name_and_birth_date_needed",
            "Ребёнка другой организации ищут по фамилии и дате рождения",
            "Укажите и фамилию, и дату рождения, или номер сертификата.",
        )


def _found(row: Any) -> FoundCertificate:
    child = FoundChild(id=row["child_id"], full_name=row["full_name"], birth_date=row["birth_date"])
    return FoundCertificate(**card(row).model_dump(), child=child)


def _place(name: str, certificate_id: str) -> tuple[str, UUID]:
    return name.replace("\x00", "").encode().decode(), UUID(certificate_id)
