"""Poison at documents' real door: kept once, the rest goes on."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from contracts import Tombstone, topics
from documents import main
from documents.build import Workshop
from documents.credentials_page.render import CURRENT
from documents.settings import Settings

from tests.builders import a_link, a_record, a_user, an_id
from tests.documents.desk import PORTAL, issued
from tests.poison import Door, Poison, each_oddity, each_poison
from tests.running import serving
from tests.waiting import eventually

_numbers = count(1)


@pytest.fixture(scope="module")
async def service(whole_settings):
    settings = await whole_settings("documents", Settings, portal_url=PORTAL)
    with ThreadPoolExecutor(2) as executor:
        yield main.make(settings, Workshop(settings.key_bytes, PORTAL, executor, CURRENT))


@pytest.fixture(scope="module")
async def door(service):
    prefix = service.settings.kafka_topic_prefix
    async with serving(service) as whole:

        async def good(name):
            """A certificate of a child whom the service knows already."""
            await whole.hears(a_record(a_user(name), prefix=prefix))
            known = "SELECT FROM people WHERE user_id = $1"
            await eventually(lambda: whole.has(known, an_id(name)))
            event = issued(name, f"78{next(_numbers):010}")
            return a_record(event, name=name, prefix=prefix)

        async def applied(name):
            ready = "SELECT FROM credentials WHERE state = 'ready' AND child_id = $1"
            return await whole.has(ready, an_id(name))

        yield Door(whole, good, applied)


@each_poison
async def test_it_is_kept_once_and_its_neighbours_are_applied(door, poison):
    await door.keeps(poison)


async def test_a_tombstone_among_certificates_is_kept_once_and_neighbours_are_applied(
    door, service
):
    prefix = service.settings.kafka_topic_prefix
    tombstone = a_record(Tombstone("k"), topic=topics.CERTIFICATES, prefix=prefix)
    await door.keeps(Poison("tombstone", lambda *_: tombstone))


async def test_an_event_of_another_topic_is_kept_once_and_neighbours_are_applied(door, service):
    prefix = service.settings.kafka_topic_prefix
    linked = a_record(a_link(), topic=topics.CERTIFICATES, prefix=prefix)
    await door.keeps(Poison("wrong_topic", lambda *_: linked))


@each_oddity
async def test_it_is_applied_like_any_other(door, oddity):
    await door.bears(oddity)


async def test_hearing_all_of_it_again_changes_nothing(door, service):
    await door.changes_nothing_when_all_is_heard_again(service)
