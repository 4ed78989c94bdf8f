"""A desk on a fresh database; threads instead of processes, for speed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from documents import api
from documents.settings import Settings

from tests.builders import MOSCOW
from tests.documents.desk import PORTAL, a_desk
from tests.doors import a_client


@pytest.fixture
async def desk(settings_for, migrated):
    settings = settings_for(Settings, portal_url=PORTAL)
    pool = await migrated(settings, "documents")
    with ThreadPoolExecutor(2) as executor:
        yield a_desk(settings, pool, executor)


@pytest.fixture
async def client(desk, settings_for):
    settings = settings_for(Settings, portal_url=PORTAL)
    doors = api.Doors(desk.workshop, MOSCOW)
    async with a_client(desk.door.store, settings, api.router, doors) as client:
        yield client
