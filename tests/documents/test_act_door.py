"""The act of an erasure over HTTP: identity says what and whether, documents makes the paper."""

from dataclasses import dataclass
from typing import Any

import pytest
from chassis.batches import Consumer
from chassis.handlers import by_event
from chassis.outbox import Store
from contracts.events import PersonErased
from contracts.ids import user_id
from contracts.values import Role
from documents import api
from documents.settings import Settings
from httpx import AsyncClient, Response
from identity import api as identity_api
from identity import consumers
from identity.admin import add_user, own_id
from identity.hashing import Hashing
from identity.settings import Settings as IdentitySettings

from tests.builders import MOSCOW, NOW, a_record
from tests.conftest import a_name, settings_on
from tests.documents.desk import PORTAL
from tests.documents.sheets import by_pdfium
from tests.doors import a_client, bearer, problem
from tests.identity.sgo import a_user

OLGA = bearer("", "operator", sub=str(own_id("olga")))


@dataclass(frozen=True, slots=True)
class Office:
    """identity, with an operator and an erasure that was just ordered; documents asks it."""

    identity: Consumer
    documents: AsyncClient
    card: dict[str, Any]

    async def confirm(self, *services: str) -> None:
        told = [
            PersonErased(
                service=one, user_id=user_id("1"), version=2, counts={"person": 1}, erased_at=NOW
            )
            for one in services
        ]
        await self.identity.consume([a_record(one) for one in told])

    async def act(self, who: dict[str, str]) -> Response:
        return await self.documents.get(f"/erasures/{self.card['id']}/act.pdf", headers=who)


@pytest.fixture
async def office(desk, postgres_server, migrated, settings_for):
    settings = settings_on(postgres_server, f"{postgres_server.url}/{a_name()}", IdentitySettings)
    store = Store(await migrated(settings, "identity"))
    door = Consumer(store, by_event(consumers.handlers(), ""), settings.key_bytes)
    await add_user(store, "olga", Role.operator, "Петрова")
    await door.consume([a_record(a_user())])
    doors = identity_api.Doors(MOSCOW, settings.key_bytes, Hashing())
    async with a_client(store, settings, identity_api.router, doors) as identity:
        order = {"reason": "Отзыв согласия"}
        path = f"/users/{user_id('1')}/erasure"
        card = (await identity.post(path, json=order, headers=OLGA)).json()
        served = identity._transport

        def asked() -> AsyncClient:
            return AsyncClient(transport=served, base_url="http://identity", trust_env=False)

        paper = settings_for(Settings, portal_url=PORTAL, backups_kept_days=90)
        mine = api.Doors(desk.workshop, MOSCOW, identity=asked)
        async with a_client(desk.door.store, paper, api.router, mine) as documents:
            yield Office(door, documents, card)


async def test_when_every_service_has_confirmed_the_operator_gets_the_act(office):
    await office.confirm("certificates", "documents")
    answer = await office.act(OLGA)
    assert answer.headers["cache-control"] == "no-store"
    text = " ".join(by_pdfium(answer.content))
    for part in (
        office.card["id"], str(user_id("1")), str(own_id("olga")), "Отзыв согласия",
        "identity, таблица users", "Резервные копии", "outbox_sent", "inbox", "quarantine",
    ):  # fmt: skip
        assert part in text
    for service in ("certificates", "documents"):
        assert f"{service}, таблица" in text
    assert "Иванов" not in text


async def test_until_then_it_is_not_made(office):
    await office.confirm("certificates")
    problem(await office.act(OLGA), 409, "erasure_not_done")


@pytest.mark.parametrize("role", ["parent", "staff", "operator"])
async def test_it_is_not_there_for_anybody_whom_identity_does_not_know_as_an_operator(office, role):
    await office.confirm("certificates", "documents")
    problem(await office.act(bearer("somebody", role)), 404, "not_found")


async def test_while_identity_is_away_one_is_told_to_try_again(desk, settings_for):
    settings = settings_for(Settings, portal_url=PORTAL)
    doors = api.Doors(
        desk.workshop, MOSCOW,
        identity=lambda: AsyncClient(base_url="http://127.0.0.1:1", trust_env=False),
    )  # fmt: skip
    async with a_client(desk.door.store, settings, api.router, doors) as client:
        answer = await client.get(f"/erasures/{user_id('1')}/act.pdf", headers=OLGA)
        problem(answer, 503, "identity_away")
