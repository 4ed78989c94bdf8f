"""A documents service without its process: its doors, and what it is told in these tests."""

from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from typing import Any

from chassis import parking
from chassis.batches import Consumer, Patience
from chassis.handlers import by_event
from chassis.outbox import Store
from contracts.events import (
    CertificateAnnulled,
    CertificateExpired,
    CertificateIssued,
    CertificateSuspended,
)
from documents import consumers
from documents.build import Workshop
from documents.credentials import open_values

from tests.builders import MOSCOW, NOW, a_link, a_record, a_user, an_id

QUICK = Patience(0.01, 0.05, 0.5, 2, 30.0)
PORTAL = "https://portal.example"


@dataclass(frozen=True, slots=True)
class Desk:
    """The consumer, and what it builds with."""

    door: Consumer
    workshop: Workshop

    async def consume(self, *events: Any) -> None:
        await self.door.consume([a_record(event) for event in events])

    async def try_parked(self) -> None:
        while await parking.try_due(self.door, 100):
            pass

    async def end_patience(self) -> None:
        """The time that a fact has to arrive is over."""
        await self.pool.execute(
            "UPDATE parked SET parked_at = now() - interval '31 s', due_at = now()"
        )
        await self.try_parked()

    async def values(self, child: str = "child") -> Any:
        row = await self.row(child)
        return open_values(
            self.workshop.master_key, row["document_id"], row["sealed_values"], row["sealed_key"]
        )

    async def row(self, child: str = "child") -> Any:
        return await self.pool.fetchrow(
            "SELECT * FROM credentials WHERE child_id = $1", an_id(child)
        )

    @property
    def pool(self) -> Any:
        return self.door.store.pool


def a_desk(settings: Any, pool: Any, executor: Executor) -> Desk:
    workshop = Workshop(
        settings.key_bytes, settings.portal_url, executor, settings.credentials_template
    )
    handlers = by_event(consumers.handlers(pool, workshop, MOSCOW), "")
    return Desk(Consumer(Store(pool), handlers, settings.key_bytes, "", QUICK), workshop)


def issued(child: str = "child", number: str = "780000000011") -> CertificateIssued:
    return CertificateIssued(
        certificate_id=an_id(f"certificate of {child}"),
        version=1,
        child_id=an_id(child),
        number=number,
        status="pending_activation",
        valid_from=date(2026, 11, 24),
        valid_until=date(2034, 4, 30),
        request_id=an_id(f"request of {child}"),
        issued_at=NOW,
    )


def annulled(child: str = "child", number: str = "780000000011") -> CertificateAnnulled:
    return CertificateAnnulled(
        **_over(child, number), status="annulled", annulled_at=NOW, reason="asked"
    )


def expired(child: str = "child", number: str = "780000000011") -> CertificateExpired:
    return CertificateExpired(**_over(child, number), status="expired", expired_at=NOW)


def suspended(child: str = "child", number: str = "780000000011") -> CertificateSuspended:
    return CertificateSuspended(
        **_over(child, number), status="suspended", suspended_at=NOW, reason="moved"
    )


def _over(child: str, number: str) -> dict[str, Any]:
    return issued(child, number).model_dump(
        include={"certificate_id", "child_id", "number", "valid_from", "valid_until"}
    ) | {"version": 2}


def a_family(child: str = "child", parent: str = "parent") -> list[Any]:
    return [
        a_user(child),
        a_user(parent, role="parent", born=None, enrolled=False),
        a_link(parent, child),
    ]
