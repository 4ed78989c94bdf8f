"""The certificates service without its process: a small town of people, known from events."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from certificates import consumers, store
from certificates.api.common import Doors
from certificates.decide import Region
from chassis import clock
from chassis.batches import Consumer
from chassis.database import Pool
from chassis.handlers import by_event
from chassis.outbox import Store
from contracts.events import CertificateRequested
from contracts.values import Enrolment, Organization
from httpx import AsyncClient, Response

from tests.builders import AGREED, MOSCOW, a_link, a_record, a_request, a_user, an_id
from tests.doors import bearer, said

KEY = b"k" * 32
SCHOOL_2 = Enrolment(organization_id="school-2", kind="school", name="Школа № 2")
THIS_YEAR = clock.day_in(MOSCOW, clock.now()).year
ROLES = {
    "teen": "student", "kid": "student", "boy": "student", "parent": "parent",
    "other parent": "parent", "clerk": "staff", "teacher": "staff", "head": "staff",
    "operator": "operator", "program": "client",
}  # fmt: skip

CHANGED = (
    "changes", "certificates", "certificate_requests", "consents", "child_links", "people", "rules",
    "inbox", "outbox", "parked", "quarantine",
)  # fmt: skip


def born(age: int) -> date:
    """On New Year's Day: of this age today, whatever day it is."""
    return date(THIS_YEAR - age, 1, 1)


def an_adult(name: str, role: str, **person: Any):
    return a_user(name, role=role, born=None, enrolled=False, **person)


def staff(name: str, organization: str, *, authorized: bool = False):
    kind = "additional_education" if authorized else "school"
    works = Organization(
        id=organization, kind=kind, name="Организация", municipality="m1", authorized=authorized
    )
    return an_adult(name, "staff", organization=works)


def people() -> list[Any]:
    """A family with a teen and a kid of school-1, a boy of school-2, and who works where."""
    boy = a_user("boy", born=born(10))
    boy = boy.model_copy(
        update={"person": boy.person.model_copy(update={"enrolments": (SCHOOL_2,)})}
    )
    return [
        *(a_user("teen", born=born(15)), a_user("kid", born=born(10)), boy),
        *(an_adult(name, "parent") for name in ("parent", "other parent")),
        *(a_link("parent", "teen"), a_link("parent", "kid"), a_link("other parent", "boy")),
        *(staff("clerk", "centre", authorized=True), staff("teacher", "school-1")),
        staff("head", "school-2"),
        *(an_adult("operator", "operator"), an_adult("program", "client")),
    ]


@dataclass(slots=True)
class Town:
    """The doors over HTTP and for events, under the rules of a region."""

    pool: Pool
    http: AsyncClient
    doors: Doors
    door: Consumer = field(init=False)

    async def settle(self, region: Region) -> None:
        """Everybody is known, and the parents have agreed; nothing else is."""
        self.doors.region, self.doors.now = region, clock.now
        self.door = Consumer(Store(self.pool), by_event(consumers.handlers(region), ""), KEY)
        for table in CHANGED:  # the journal cannot be emptied, and nobody reads it here
            await self.pool.execute(f"DELETE FROM {table}")
        await self.hears(*people())
        for parent, child in (("parent", "teen"), ("parent", "kid"), ("other parent", "boy")):
            async with self.door.store.transaction() as tx:
                ids = (an_id(f"c {child}"), an_id(child), an_id(parent))
                await store.give_consent(tx, *ids, clock.now(), AGREED)

    def at(self, moment: datetime) -> None:
        """From now on this is the moment at the doors."""
        self.doors.now = lambda: moment

    async def hears(self, *events: Any) -> None:
        await self.door.consume([a_record(event) for event in events])

    async def calls(self, who: str, method: str, path: str, **more: Any) -> Response:
        """An HTTP call of who has signed in, or of "nobody"."""
        if who != "nobody":
            more = {"headers": bearer(who, ROLES[who])} | more
        return await self.http.request(method, path, **more)

    async def presses(self, who: str, child: str, key: str = "one") -> Response:
        """«Получить сертификат»; the same key is the same press."""
        headers = bearer(who, ROLES[who]) | {"Idempotency-Key": key}
        path = f"/children/{an_id(child)}/certificate-requests"
        return await self.calls(who, "POST", path, headers=headers)

    async def codes(self, who: str, child: str) -> list[str]:
        """Why the button is not on the page; each with a sentence and what to do."""
        page = await self.calls(who, "GET", f"/children/{an_id(child)}/certificate")
        reasons = page.json()["eligibility"]["reasons"]
        assert all(reason["message"] and reason["how_to_fix"] for reason in reasons)
        return [reason["code"] for reason in reasons]

    async def decides(self, who: str, role: str, child: str, name: str | None = None) -> str:
        """What is said to a request that comes as an event; another `name`: another request."""
        name = name or f"{who} as {role} for {child}"
        asked = a_request(child, who, role=role, name=name)
        await self.hears(asked.model_copy(update={"requested_at": self.doors.now()}))
        return await self.outcome(an_id(f"request {name}"))

    async def accepted(self) -> None:
        """What the HTTP door said comes back as an event."""
        for one in await said(self.pool):
            if one.kind == "certificate.requested":
                await self.hears(CertificateRequested.model_validate(one.event))

    async def outcome(self, request_id: Any) -> str:
        row = await self.pool.fetchrow(
            "SELECT status, codes FROM certificate_requests WHERE request_id = $1", request_id
        )
        if row is None:
            return "not decided"
        return ": ".join(filter(None, (row["status"], ", ".join(row["codes"]))))

    async def number(self) -> str:
        """Of the kid's certificate, which the parent has asked for."""
        assert await self.decides("parent", "parent", "kid") == "issued"
        return await self.pool.fetchval("SELECT number FROM certificates")
