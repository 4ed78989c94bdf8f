"""What the doors share: the store, the region's rules, and how a certificate is shown."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from chassis import clock, journal, operating
from chassis.auth import only
from chassis.problems import Problem, not_found
from chassis.throttle import Throttle
from chassis.tokens import Principal
from contracts import Envelope, Event
from contracts.ids import derived
from contracts.values import CertificateStatus, RequesterRole, Role
from fastapi import Depends, Path, Request
from pydantic import BaseModel, StringConstraints

from certificates import desk_store, numbers, store
from certificates.consent import Text
from certificates.decide import Region
from certificates.source import SOURCE
from certificates.watch import Watch

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
NO_NUL = r"^[^\x00]*$"  # PostgreSQL keeps no NUL in text
Comment = Annotated[str, StringConstraints(max_length=1000, pattern=NO_NUL)]


class Doors:
    """What the routes need besides the database; `now` says which moment it is."""

    def __init__(
        self,
        region: Region,
        consent: Text,
        watch: Watch | None = None,
        now: Callable[[], datetime] = lambda: clock.now(),  # noqa: PLW0108  as it is when asked
    ) -> None:
        self.region = region
        self.consent = consent
        self.now = now
        self.watch = watch or Watch()
        self.throttle = Throttle(times=60, window_s=60)
        self.pressed = Throttle(times=60, window_s=60)  # by who presses, for which child
        self.searched = Throttle(times=60, window_s=60)  # by who searches


class CertificateCard(BaseModel):
    id: UUID
    number: str
    status: CertificateStatus
    valid_from: date
    valid_until: date
    issued_at: datetime


async def _doors(request: Request) -> Doors:
    found: Doors = request.app.state.service
    return found


async def _region(request: Request) -> Region:
    return (await _doors(request)).region


async def _moment(request: Request) -> datetime:
    return (await _doors(request)).now()


_BETWEEN: Final = re.compile(r"[\s№\u2010-\u2015-]+")  # how people part the digits, or begin
LENGTHS: Final = (10, 12)  # of other systems, and of ours
TheNumber = Annotated[str, Path(max_length=40)]  # with spaces, as it was typed
AtTheDesk = Annotated[Principal, only(Role.staff)]
TheDoors = Annotated[Doors, Depends(_doors)]


TheRegion = Annotated[Region, Depends(_region)]
TheMoment = Annotated[datetime, Depends(_moment)]
AnOperator = Annotated[Principal, operating.known_by(desk_store.is_operator)]


def card(row: Any) -> CertificateCard:
    return CertificateCard(
        id=row["certificate_id"],
        number=row["number"],
        status=row["status"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        issued_at=row["issued_at"],
    )


def said(event: Event, about: UUID | str, at: datetime, http: Request) -> Envelope:
    """The envelope of an event that a call by HTTP brought about; `about` makes its id."""
    return Envelope(
        event=event,
        id=derived(about, event.TYPE),
        source=SOURCE,
        time=at,
        correlation_id=http.scope["request_id"],
        traceparent=http.scope.get("traceparent"),
    )


def expect_digits(number: str) -> str:
    """The number without spaces, dashes, №. Raises Problem where it cannot be one."""
    typed = _BETWEEN.sub("", number)
    if not (typed.isascii() and typed.isdigit()) or all(
        abs(len(typed) - digits) > 1 for digits in LENGTHS
    ):
        raise Problem(
            422, "invalid_number", "Это не номер сертификата", "В номере 12 цифр (старые: 10)."
        )
    if len(typed) not in LENGTHS:
        raise _mistyped(f"В номере 12 цифр (старые: 10), а здесь {len(typed)}.")
    return typed


def expect_well_typed(number: str) -> None:
    """For a number that was not found: told at once if it is mistyped."""
    if len(number) == 12 and not numbers.is_well_typed(number):  # noqa: PLR2004
        raise _mistyped("Последняя цифра не сходится с остальными.")


def _mistyped(how: str) -> Problem:
    detail = f"{how} Сверьте номер с документом."
    return Problem(422, "mistyped_number", "В номере опечатка", detail)


async def desk_of(tx: Any, who: Principal) -> str:
    """The authorized organization of this employee; 404 for everybody else."""
    organization = await store.employer(tx, who.user_id)
    if not organization:
        raise not_found()
    return organization


async def entry_of(
    tx: Any, at: datetime, who: Principal, role: RequesterRole, action: str, child_id: UUID,
    details: str = "",
) -> journal.Entry:  # fmt: skip
    """The entry of who acts for a child or looks: staff with the organization they work at."""
    organization = None
    if role is RequesterRole.staff:
        organization = (await desk_store.organizations_of(tx, [who.user_id])).get(who.user_id)
    return journal.Entry(at, who.user_id, role, action, child_id, organization, details)
