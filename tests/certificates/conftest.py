"""The doors of certificates for events and over HTTP, on a fresh database."""

import pytest
from certificates import api, consumers, store
from certificates.api.common import Doors
from certificates.settings import Settings
from chassis import clock
from chassis.batches import Consumer, Patience
from chassis.database import open_pool
from chassis.handlers import by_event
from chassis.outbox import Store
from contracts.values import Organization

from tests.builders import AGREED, NOW, a_link, a_record, a_region, a_request, a_user, an_id
from tests.certificates.town import Town
from tests.conftest import a_database, settings_on
from tests.doors import a_client

QUICK = Patience(0.01, 0.05, 0.5, 2, 30.0)
CENTRE = Organization(
    id="centre", kind="additional_education", name="Центр", municipality="m1", authorized=True
)


@pytest.fixture
async def door(settings_for, migrated):
    settings = settings_for(Settings)
    pool = await migrated(settings, "certificates")
    handlers = by_event(consumers.handlers(settings.region()), "")
    return Consumer(Store(pool), handlers, settings.key_bytes, "", QUICK)


def staff(name: str, *, authorized: bool, **changes):
    organization = CENTRE.model_copy(update={"authorized": authorized, **changes})
    return a_user(name, role="staff", born=None, enrolled=False, organization=organization)


def a_parent(name: str):
    return a_user(name, role="parent", born=None, enrolled=False)


@pytest.fixture
async def town(settings_for, migrated):
    """Two families, a clerk of an authorized organization and a teacher of another."""
    settings = settings_for(Settings)
    pool = await migrated(settings, "certificates")
    handlers = by_event(consumers.handlers(settings.region()), "")
    town = Consumer(Store(pool), handlers, settings.key_bytes)
    known = [a_user(), a_user("sister"), a_parent("parent"), a_link(), a_link(child="sister")]
    known += [a_user("neighbour"), a_parent("neighbours parent")]
    known += [a_link("neighbours parent", "neighbour")]
    known += [staff("clerk", authorized=True), staff("teacher", authorized=False)]
    known += [a_user("operator", role="operator", born=None, enrolled=False)]
    known += [staff("schoolmaster", authorized=False, id="school-1")]
    await town.consume([a_record(event) for event in known])
    for child, parent in (("child", "parent"), ("sister", "parent")):
        async with town.store.transaction() as tx:
            await store.give_consent(
                tx, an_id(f"c {child}"), an_id(child), an_id(parent), NOW, AGREED
            )
    return town


@pytest.fixture
async def client(town, settings_for):
    settings = settings_for(Settings)
    async with a_client(
        town.store, settings, api.router, Doors(town.store, settings.region(), AGREED)
    ) as client:
        yield client


@pytest.fixture
async def number(town) -> str:
    """The number of the child's certificate, issued just now."""
    asked = a_request().model_copy(update={"requested_at": clock.now()})
    await town.consume([a_record(asked)])
    return await town.store.pool.fetchval("SELECT number FROM certificates")


@pytest.fixture(scope="module")
async def the_town(postgres_server, template):
    """One for all rows of a module: to settle it anew costs less than a new database."""
    url = a_database(postgres_server, like=await template("certificates"))
    settings = settings_on(postgres_server, url, Settings)
    pool = await open_pool(settings)
    store = Store(pool)
    doors = Doors(store, a_region(), AGREED)
    async with a_client(store, settings, api.router, doors) as http:
        yield Town(pool, http, doors)
    await pool.close()


@pytest.fixture
def settled(the_town):
    """A town in which everybody is known, under the rules of a region."""

    async def settle(**rules) -> Town:
        await the_town.settle(a_region(**rules))
        return the_town

    return settle
