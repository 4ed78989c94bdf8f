"""documents without its process; it asks a real identity for an erasure, with the same operator."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from chassis.batches import Consumer
from chassis.handlers import by_event
from chassis.outbox import Store
from chassis.throttle import Throttle
from contracts.events import PersonErased
from documents import api as documents_api
from documents.settings import Settings as DocumentsSettings
from httpx import AsyncClient
from identity import consumers as identity_consumers

from tests.builders import MOSCOW, NOW, a_record, an_id
from tests.certificates.town import an_adult
from tests.documents.desk import PORTAL, a_desk, issued
from tests.doors import a_client
from tests.routes.asking import Town, emptied
from tests.routes.in_identity import identity
from tests.routes.people import NOBODY, NUMBERS, Ids, a_pool, everybody, since, those
from tests.routes.who_may import NONE

WHY = {"params": {"reason": "принесли заявление"}}
ASKED = {
    "GET /application-template.pdf": {"params": {"for": "parent"}},
    "GET /children/{child_id}/application.pdf": WHY,
    "GET /children/{child_id}/documents/history": WHY,
    "GET /certificates/{certificate_id}/certificate.png": WHY,
    "GET /certificates/{certificate_id}/certificate.pdf": WHY,
}


@asynccontextmanager
async def documents(server: Any, template: Any) -> AsyncIterator[Town]:
    """It asks a real identity for an erasure: an own one, with the same operator."""
    async with (
        identity(server, template) as office,
        a_pool(server, template, "documents", DocumentsSettings, portal_url=PORTAL) as (
            settings, pool,
        ),
    ):  # fmt: skip
        with ThreadPoolExecutor(2) as executor:
            desk = a_desk(settings, pool, executor)
            doors = documents_api.Doors(
                desk.workshop, MOSCOW, identity=lambda: another(office),
                drawings=Throttle(times=10_000, window_s=60),
                downloads=Throttle(times=10_000, window_s=60),
            )  # fmt: skip
            erasure_id = await a_done_erasure(office)

            async def settle() -> Ids:
                await emptied(pool)
                boss = {"user_id": office.people["operator"].user_id}
                await desk.consume(an_adult("boss", "operator").model_copy(update=boss))
                orders = [issued(child, number) for child, number in NUMBERS.items()]
                await desk.consume(*everybody(), *orders)
                await desk.try_parked()
                await desk.door.consume(since())
                known = {
                    child: (an_id(child), one.certificate_id, erasure_id)
                    for child, one in zip(NUMBERS, orders, strict=True)
                } | {NONE: (NOBODY, NOBODY, NOBODY)}
                names = ("child_id", "certificate_id", "erasure_id")
                return {child: dict(zip(names, ids, strict=True)) for child, ids in known.items()}

            people = those(an_id, operator=office.people["operator"].user_id)
            async with a_client(desk.door.store, settings, documents_api.router, doors) as http:
                yield Town("documents", http, pool, people, settle, ASKED)


def another(office: Town) -> AsyncClient:
    """A client of the same identity: who asks closes it."""
    served = office.http._transport
    return AsyncClient(transport=served, base_url="http://identity", trust_env=False)


async def a_done_erasure(office: Town) -> UUID:
    """Of the parent who was erased: every service has confirmed it."""
    await office.settle()
    row = await office.pool.fetchrow("SELECT * FROM erasures")
    told = [
        PersonErased(
            service=one, user_id=row["user_id"], version=row["version"], counts={}, erased_at=NOW
        )
        for one in ("certificates", "documents")
    ]
    door = Consumer(Store(office.pool), by_event(identity_consumers.handlers(), ""), b"k" * 32)
    await door.consume([a_record(one) for one in told])
    return UUID(str(row["erasure_id"]))
