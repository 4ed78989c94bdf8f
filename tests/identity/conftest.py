"""The doors of identity for events, on a fresh database."""

from zoneinfo import ZoneInfo

import pytest
from chassis.batches import Consumer, Patience
from chassis.handlers import by_event
from chassis.outbox import Store
from contracts.ids import derived
from contracts.values import Role
from identity import api, consumers
from identity.admin import add_user
from identity.hashing import Hashing
from identity.settings import Settings

from tests.doors import a_client, bearer

QUICK = Patience(0.01, 0.05, 0.5, 2, 30.0)


def own_id(login: str):
    """The id of an operator or client who was made here."""
    return derived(login, "own-user")


@pytest.fixture
async def door(settings_for, migrated):
    settings = settings_for(Settings)
    pool = await migrated(settings, "identity")
    handlers = by_event(consumers.handlers(), "")
    return Consumer(Store(pool), handlers, settings.key_bytes, "", QUICK)


@pytest.fixture
def doors(door):
    """What the routes need besides the database."""
    return api.Doors(ZoneInfo("Europe/Moscow"), door.key, Hashing())


@pytest.fixture
async def http(door, settings_for, doors):
    """The routes of identity; nobody has signed in."""
    async with a_client(door.store, settings_for(Settings), api.router, doors) as client:
        yield client


@pytest.fixture
async def office(door, http):
    """The routes as an operator of the region sees them."""
    await add_user(door.store, "olga", Role.operator, "Петрова")
    await door.store.pool.execute("TRUNCATE outbox")
    http.headers.update(bearer("", "operator", sub=str(own_id("olga"))))
    return http
