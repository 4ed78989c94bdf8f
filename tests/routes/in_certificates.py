"""certificates without its process: two families, a school and a desk; each child has one."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from certificates import api as certificates_api
from certificates import consent, store
from certificates import consumers as certificates_consumers
from certificates.api.common import Doors as CertificatesDoors
from certificates.settings import Settings as CertificatesSettings
from chassis import clock
from chassis.batches import Consumer
from chassis.database import Pool
from chassis.handlers import by_event
from chassis.outbox import Store
from chassis.throttle import Throttle
from contracts.ids import verification_token

from tests.builders import NOW, a_record, a_region, a_request, an_id
from tests.doors import a_client
from tests.routes.asking import Town, emptied
from tests.routes.people import NO_NUMBER, NOBODY, PARENT_OF, Ids, a_pool, everybody, since, those
from tests.routes.who_may import NONE


@asynccontextmanager
async def certificates(server: Any, template: Any) -> AsyncIterator[Town]:
    async with a_pool(server, template, "certificates", CertificatesSettings) as (settings, pool):
        region = a_region()
        doors = CertificatesDoors(region)
        doors.throttle = Throttle(times=10_000, window_s=60)
        handlers = by_event(certificates_consumers.handlers(region), "")
        door = Consumer(Store(pool), handlers, settings.key_bytes)

        async def settle() -> Ids:
            await emptied(pool)
            await door.consume([a_record(one) for one in everybody()])
            for child, parent in PARENT_OF.items():
                async with door.store.transaction() as tx:
                    await store.give_consent(
                        tx, an_id(f"c {child}"), an_id(child), an_id(parent), NOW
                    )
                asked = a_request(child, parent, name=child)
                asked = asked.model_copy(update={"requested_at": clock.now()})
                await door.consume([a_record(asked)])
            await door.consume(since())
            return {child: await _certificate(pool, child) for child in PARENT_OF} | {
                NONE: _told(NOBODY, NOBODY, NO_NUMBER, NOBODY)
            }

        async with a_client(door.store, settings, certificates_api.router, doors) as http:
            yield Town(
                "certificates", http, pool, those(an_id), settle,
                {
                    "GET /certificates": {"params": {"name": "Иванов", "reason": "на приёме"}},
                    "POST /children/{child_id}/consents": {
                        "json": {"text_version": consent.VERSION}
                    },
                    "POST /certificates/{number}/activation": {
                        "json": {"checked_documents": ["Паспорт"], "consent": True}
                    },
                    "PUT /rules/region": {"json": {"minimum_age": 6}},
                    "PUT /rules/municipalities/{municipality}": {"json": {"minimum_age": 6}},
                },
            )  # fmt: skip


async def _certificate(pool: Pool, child: str) -> Mapping[str, object]:
    row = await pool.fetchrow("SELECT * FROM certificates WHERE child_id = $1", an_id(child))
    return _told(an_id(child), row["certificate_id"], row["number"], an_id(f"request {child}"))


def _told(child: UUID, certificate: UUID, number: str, request: UUID) -> Mapping[str, object]:
    return {
        "child_id": child, "number": number, "request_id": request,
        "token": verification_token(certificate), "municipality": "m1",
    }  # fmt: skip
