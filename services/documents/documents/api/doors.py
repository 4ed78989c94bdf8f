"""What the routes share: their dependencies, who may have a document, and the kind refusals."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from chassis import clock, journal
from chassis.database import Tx
from chassis.doors import shared
from chassis.outbox import Store
from chassis.problems import Problem, not_found, reason_needed
from chassis.throttle import Throttle
from chassis.tokens import Principal
from contracts.ages import age_on
from fastapi import Depends, Request, Response

from documents import door_store
from documents.api.downloads import Download
from documents.build import Workshop
from documents.hashing import Hashing

# The row that opens a document to who asks, and why they need it. Raises where it is not open.
Expect = Callable[[Tx], Awaitable[tuple[Any, str]]]
OWN_DOOR_AGE: Final = 14
TRIES_MAX: Final = (
    8  # against a document that is renewed at the same moment; five a day are allowed
)


@dataclass(frozen=True, slots=True)
class Doors:
    """What the routes need besides the database; `now` says which moment it is."""

    workshop: Workshop
    zone: ZoneInfo
    hashing: Hashing = field(default_factory=Hashing)
    identity: Callable[[], httpx.AsyncClient] = httpx.AsyncClient  # to ask what is its to say
    blanks: dict[str, bytes] = field(default_factory=dict)  # drawn once, when first asked for
    drawings: Throttle = field(default_factory=lambda: Throttle(times=20, window_s=60))
    downloads: Throttle = field(default_factory=lambda: Throttle(times=120, window_s=60))
    now: Callable[[], datetime] = lambda: clock.now()  # noqa: PLW0108  as it is when asked

    def today(self) -> date:
        return clock.day_in(self.zone, self.now())


async def _doors(request: Request) -> Doors:
    found: Doors = request.app.state.service
    return found


TheDoors = Annotated[Doors, Depends(_doors)]


async def of_family(store_: Store, certificate_id: UUID, who: Principal, today: date) -> Any:
    """The certificate's row, for a linked parent and for the student of 14 or older; else 404."""
    async with store_.pool.acquire() as tx:
        (row,) = await door_store.of_certificates(tx, [(certificate_id, who.user_id)])
    return expect_family(row, today)


def expect_family(row: Any, today: date) -> Any:
    """The row that `door_store.of_certificates` found for this user. Raises 404."""
    if row is None or not may_download(row, today):
        raise not_found()
    return row


def may_download(row: Any, today: date) -> bool:
    """A linked parent, or the student from the 14th birthday on."""
    return bool(row["is_parent"]) or is_14(row["own_birth_date"], today)


def is_14(born: date | None, today: date) -> bool:
    """Whether the 14th birthday has come; of an unknown birth date: no."""
    return born is not None and age_on(today, born) >= OWN_DOOR_AGE


_ENDED: Final = {
    "annulled": ("certificate_annulled", "Сертификат аннулирован"),
    "expired": ("certificate_expired", "Срок действия сертификата истёк"),
}


def expect_living(row: Any) -> None:
    """Raise 410 for a certificate that is over."""
    if row["ended"] is not None:
        code, title = _ENDED[row["ended"]]
        detail = (
            "Документы по нему больше не выдаются. Новый сертификат можно получить в личном"
            " кабинете, в разделе «Сертификат дополнительного образования»."
        )
        raise Problem(410, code, title, detail)


def expect_ready(row: Any) -> None:
    """Raise 409 for a document that is still being built, or that nobody has asked for."""
    if row["state"] == "imported":
        raise Problem(
            409,
            "credentials_elsewhere",
            "Логин и пароль этого сертификата выдала прежняя система",
            "Они действуют, как раньше. Если их нет под рукой, получите новый пароль здесь: прежний"
            " тогда перестанет действовать.",
        )
    if row["state"] != "ready":
        raise not_ready()


def not_ready() -> Problem:
    return Problem(
        409,
        "document_not_ready",
        "Документ ещё готовится",
        "Обновите страницу через минуту. Ничего делать не нужно.",
        headers={"Retry-After": "5"},
    )


def not_printable() -> Problem:
    return Problem(
        409,
        "name_not_printable",
        "Имя не удаётся напечатать",
        "В имени есть знак, которого нет в шрифтах. Попросите школу исправить имя в АИС СГО.",
    )


def of_newer_release() -> Problem:
    """A replica that is replaced later met a document of one that was replaced before."""
    return Problem(
        503,
        "document_of_newer_release",
        "Система обновляется",
        "Документ цел. Повторите через несколько минут.",
        headers={"Retry-After": "60"},
    )


def busy() -> Problem:
    return Problem(
        503,
        "busy",
        "Сейчас слишком много запросов",
        "Ничего не потеряно. Повторите через несколько секунд.",
        headers={"Retry-After": "5"},
    )


def attachment(content: bytes, media_type: str, filename: str) -> Response:
    """A document that is somebody's: saved rather than shown, and kept by no cache."""
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{filename}"',
            "Cache-Control": "no-store",
        },
    )


def as_whom(row: Any) -> str:
    """As whom somebody is given a document that this row opens."""
    if row["is_parent"]:
        return "parent"
    return "student" if row.get("is_own", True) else "staff"


class HandOver(NamedTuple):
    """A document that is ready to be given out, if its version is still the living one."""

    certificate_id: UUID
    version: int
    download: Download


async def to_family(store_: Store, doors: Doors, asks: Sequence[HandOver]) -> list[bool]:
    """Write down who is given what; False for what is not as it was seen, or theirs no more."""
    async with store_.transaction(says=False) as tx:
        rows = await door_store.of_certificates(
            tx, [(ask.certificate_id, ask.download.user_id) for ask in asks]
        )
        return await _given(
            tx,
            asks,
            [
                is_still_theirs(row, ask.version, doors.today())
                for ask, row in zip(asks, rows, strict=True)
            ],
        )


async def to_portal(store_: Store, _doors: Doors, asks: Sequence[HandOver]) -> list[bool]:
    """The same for the portal's machine client, whosever the certificate is."""
    async with store_.transaction(says=False) as tx:
        rows = await door_store.portal_accounts(tx, [ask.certificate_id for ask in asks])
        return await _given(
            tx, asks, [is_as_seen(row, ask.version) for ask, row in zip(asks, rows, strict=True)]
        )


async def _given(tx: Tx, asks: Sequence[HandOver], open_: list[bool]) -> list[bool]:
    await journal.append(
        tx, [ask.download.entry() for ask, is_open in zip(asks, open_, strict=True) if is_open]
    )
    return open_


def is_as_seen(row: Any, version: int) -> bool:
    """Whether it was neither rotated nor erased since, and its certificate lives."""
    return row is not None and row["version"] == version and row["ended"] is None


def is_still_theirs(row: Any, version: int, today: date) -> bool:
    """The same, and whoever asked may still have it."""
    return is_as_seen(row, version) and may_download(row, today)


hand_to_family = shared(to_family)
hand_to_portal = shared(to_portal)


def handing(row: Any, kind: Any, who: Principal, actor: str) -> HandOver:
    """What `row` tells, given to this user as `actor`, now."""
    return HandOver(
        row["certificate_id"],
        row["version"],
        Download(
            kind, row["child_id"], row["certificate_id"], row["document_id"], who.user_id, actor,
            clock.now(),
        ),
    )  # fmt: skip


def expect_why(row: Any, why: str | None) -> str:
    """Why a document is given: for staff and a child of others they must say. Raises 422."""
    if as_whom(row) != "staff":
        return ""
    if why is None and not row["is_here"]:
        raise reason_needed(
            "Напишите, зачем нужен документ: не меньше десяти букв. Семья увидит, кто и зачем его"
            " получил."
        )
    return why or "своя организация"


def employer(row: Any) -> str | None:
    """For which organization somebody acts who does so as staff, as identity tells it by now."""
    return row["works_at"] if as_whom(row) == "staff" else None


async def journal_drawn(
    store_: Store, expect: Expect, kind: Any, who: Principal, document_id: UUID
) -> None:
    """Write down who is given a document that was drawn for them just now.

    Whether they may have it is asked once more: drawing takes a while. Raises what `expect` raises.
    """
    async with store_.transaction(says=False) as tx:
        row, why = await expect(tx)
        actor = as_whom(row)
        given = Download(
            kind, row["child_id"], row["certificate_id"], document_id, who.user_id, actor,
            clock.now(), employer(row), why,
        )  # fmt: skip
        await journal.append(tx, [given.entry()])
