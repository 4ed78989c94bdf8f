"""A desk on a fresh database; threads instead of processes, for speed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from chassis.web import make_app
from documents import api
from documents.drawing.templates import VERSIONS
from documents.settings import Settings
from httpx import ASGITransport, AsyncClient

from tests.builders import MOSCOW
from tests.documents.desk import PORTAL, a_desk
from tests.doors import a_client


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Each version of the credentials page: what holds of one holds of all."""
    known: str = request.param
    return known


@pytest.fixture
async def desk(settings_for, migrated):
    settings = settings_for(Settings, portal_url=PORTAL)
    pool = await migrated(settings, "documents")
    with ThreadPoolExecutor(2) as executor:
        yield a_desk(settings, pool, executor)


def nobody_is_known() -> AsyncClient:
    """An identity without a route: whatever it is asked for is not there."""
    served = ASGITransport(make_app("identity", None))
    return AsyncClient(transport=served, base_url="http://identity", trust_env=False)


@pytest.fixture
async def client(desk, settings_for):
    settings = settings_for(Settings, portal_url=PORTAL)
    doors = api.Doors(desk.workshop, MOSCOW, identity=nobody_is_known)
    async with a_client(desk.door.store, settings, api.router, doors) as client:
        yield client
