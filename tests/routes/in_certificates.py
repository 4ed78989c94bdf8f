"""certificates without its process: two families, a school and a desk; each child has one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from certificates import api as certificates_api
from certificates import consumers as certificates_consumers
from certificates import store
from certificates.api.common import Doors as CertificatesDoors
from certificates.settings import Settings as CertificatesSettings
from chassis import clock
from chassis.batches import Consumer
from chassis.database import Pool
from chassis.handlers import by_event
from chassis.outbox import Store
from chassis.throttle import Throttle
from contracts.ids import verification_token

from tests.builders import AGREED, NOW, a_record, a_region, a_request, an_id
from tests.doors import a_client, bearer
from tests.routes.asking import Town, emptied
from tests.routes.people import NO_NUMBER, NOBODY, PARENT_OF, Ids, a_pool, everybody, since, those
from tests.routes.who_may import NONE

FILE = {"Content-Type": "text/csv"}
HEAD = "ИД ребёнка;Номер;Статус;Действует с;Действует по;Дата выдачи"
ROW = "7;7850449016;истек;01.09.2020;01.09.2021;01.09.2020"
WHY = {"params": {"reason": "проверка по жалобе"}}
CSV = {"content": f"{HEAD}\n{ROW}\n"}


@asynccontextmanager
async def certificates(server: Any, template: Any) -> AsyncIterator[Town]:
    async with a_pool(server, template, "certificates", CertificatesSettings) as (settings, pool):
        region = a_region()
        doors = CertificatesDoors(region, AGREED)
        doors.throttle = doors.pressed = doors.searched = Throttle(times=10_000, window_s=60)
        handlers = by_event(certificates_consumers.handlers(region), "")
        door = Consumer(Store(pool), handlers, settings.key_bytes)

        async def settle() -> Ids:
            await emptied(pool)
            await door.consume([a_record(one) for one in everybody()])
            for child, parent in PARENT_OF.items():
                async with door.store.transaction() as tx:
                    await store.give_consent(
                        tx, an_id(f"c {child}"), an_id(child), an_id(parent), NOW, AGREED
                    )
                asked = a_request(child, parent, name=child)
                asked = asked.model_copy(update={"requested_at": clock.now()})
                await door.consume([a_record(asked)])
            await door.consume(since())
            olga = bearer("", "operator", sub=str(people["operator"].user_id))
            sent = await http.post("/imports/certificates", **CSV, headers=FILE | olga)
            of_all = {"import_id": sent.json()["id"]}
            return {child: await _certificate(pool, child) | of_all for child in PARENT_OF} | {
                NONE: _told(NOBODY, NOBODY, NO_NUMBER, NOBODY) | {"import_id": NOBODY}
            }

        people = those(an_id)
        async with a_client(door.store, settings, certificates_api.router, doors) as http:
            yield Town(
                "certificates", http, pool, people, settle,
                {
                    "GET /certificates": {"params": {"name": "Иванов"}},
                    "POST /children/{child_id}/consents": {
                        "json": {"text_version": AGREED.version}
                    },
                    "POST /certificates/{number}/activation": {
                        "json": {"checked_documents": ["Паспорт"], "consent": True}
                    },
                    "POST /certificates/{number}/annulment": {"json": {"reason": "mistake"}},
                    "GET /certificates/{number}/history": WHY,
                    "POST /imports/certificates": CSV | {"headers": FILE},
                    "PUT /rules/region": {"json": {"minimum_age": 6}},
                    "PUT /rules/municipalities/{municipality}": {"json": {"minimum_age": 6}},
                },
            )  # fmt: skip


async def _certificate(pool: Pool, child: str) -> dict[str, object]:
    row = await pool.fetchrow("SELECT * FROM certificates WHERE child_id = $1", an_id(child))
    return _told(an_id(child), row["certificate_id"], row["number"], an_id(f"request {child}"))


def _told(child: UUID, certificate: UUID, number: str, request: UUID) -> dict[str, object]:
    return {
        "child_id": child, "number": number, "request_id": request,
        "token": verification_token(certificate), "municipality": "m1",
    }  # fmt: skip
