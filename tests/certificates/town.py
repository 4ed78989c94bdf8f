"""The certificates service without its process: a small town of people, known from events."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from certificates import consumers
from certificates.settings import Settings
from chassis import clock
from chassis.batches import Consumer
from chassis.handlers import by_event
from chassis.outbox import Store
from contracts.events import CertificateRequested
from contracts.values import Enrolment, Organization

from tests.builders import MOSCOW, a_link, a_record, a_request, a_user, an_id
from tests.doors import said

SCHOOL_2 = Enrolment(organization_id="school-2", kind="school", name="Школа № 2")
THIS_YEAR = clock.day_in(MOSCOW, clock.now()).year


def born(age: int) -> date:
    """On New Year's Day: of this age today, whatever day it is."""
    return date(THIS_YEAR - age, 1, 1)


def staff(name: str, organization: str, *, authorized: bool = False):
    kind = "additional_education" if authorized else "school"
    works = Organization(
        id=organization, kind=kind, name="Организация", municipality="m1", authorized=authorized
    )
    return a_user(name, role="staff", born=None, enrolled=False, organization=works)


def an_adult(name: str, role: str):
    return a_user(name, role=role, born=None, enrolled=False)


def town() -> list[Any]:
    """A family with a teen and a kid of school-1, another family, and who works here."""
    elsewhere = a_user("boy", born=born(10))
    elsewhere = elsewhere.model_copy(
        update={"person": elsewhere.person.model_copy(update={"enrolments": (SCHOOL_2,)})}
    )
    return [
        *(a_user("teen", born=born(15)), a_user("kid", born=born(10)), elsewhere),
        *(an_adult(name, "parent") for name in ("parent", "other parent", "lonely parent")),
        *(a_link("parent", "teen"), a_link("parent", "kid"), a_link("other parent", "boy")),
        staff("clerk", "centre", authorized=True),
        staff("teacher", "school-1"),
        *(an_adult("operator", "operator"), an_adult("program", "client")),
    ]


@dataclass(frozen=True, slots=True)
class Desk:
    """The consumer on real tables, and what became of requests."""

    door: Consumer
    settings: Settings

    async def hears(self, *events: Any) -> None:
        await self.door.consume([a_record(event) for event in events])

    async def decides(self, who: str, role: str, child: str) -> str:
        """What is said to a request that comes as an event, as SGO may send it."""
        name = f"{who} as {role} for {child}"
        asked = a_request(child, who, role=role, name=name)
        await self.hears(asked.model_copy(update={"requested_at": clock.now()}))
        return await self.outcome(an_id(f"request {name}"))

    async def accepted(self) -> None:
        """What the HTTP door said comes back as an event."""
        for one in await said(self.door.store.pool):
            if one.kind == "certificate.requested":
                await self.hears(CertificateRequested.model_validate(one.event))

    async def outcome(self, request_id: Any) -> str:
        row = await self.door.store.pool.fetchrow(
            "SELECT status, codes FROM certificate_requests WHERE request_id = $1", request_id
        )
        if row is None:
            return "not decided"
        return ": ".join(filter(None, (row["status"], ", ".join(row["codes"]))))


async def a_desk(settings: Settings, pool: Any) -> Desk:
    handlers = by_event(consumers.handlers(settings.region()), "")
    return Desk(Consumer(Store(pool), handlers, settings.key_bytes), settings)
