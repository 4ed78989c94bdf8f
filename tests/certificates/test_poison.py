"""Poison at certificates' real door: kept once, the rest goes on."""

from datetime import date

import pytest
from certificates import main
from certificates.settings import Settings
from chassis import clock
from contracts import Tombstone, topics

from tests.builders import a_link, a_record, a_request, a_user, an_id
from tests.poison import Door, Poison, each_oddity, each_poison
from tests.running import serving
from tests.waiting import eventually


def asks_now(child, name):
    """Kafka says when it took a request, and they must fit."""
    asked = a_request(child, child, role="student", name=name)
    return asked.model_copy(update={"requested_at": clock.now()})


@pytest.fixture(scope="module")
async def service(whole_settings):
    return main.make(await whole_settings("certificates", Settings))


@pytest.fixture(scope="module")
async def door(service):
    prefix = service.settings.kafka_topic_prefix
    async with serving(service) as whole:

        async def good(name):
            """A request of a student of 14 whom the service knows already."""
            await whole.hears(a_record(a_user(name, born=date(2012, 1, 1)), prefix=prefix))
            known = "SELECT FROM people WHERE user_id = $1"
            await eventually(lambda: whole.has(known, an_id(name)))
            asked = asks_now(name, name)
            return a_record(asked, name=name, prefix=prefix)

        async def applied(name):
            return await whole.has("SELECT FROM certificates WHERE child_id = $1", an_id(name))

        yield Door(whole, good, applied)


@each_poison
async def test_it_is_kept_once_and_its_neighbours_are_applied(door, poison):
    await door.keeps(poison)


async def test_a_tombstone_among_requests_is_kept_once_and_neighbours_are_applied(door, service):
    prefix = service.settings.kafka_topic_prefix
    tombstone = a_record(Tombstone("k"), topic=topics.CERTIFICATE_REQUESTS, prefix=prefix)
    await door.keeps(Poison("tombstone", lambda *_: tombstone))


async def test_an_event_of_another_topic_is_kept_once_and_neighbours_are_applied(door, service):
    prefix = service.settings.kafka_topic_prefix
    asked = topics.CERTIFICATE_REQUESTS
    linked = a_record(a_link(), topic=asked, prefix=prefix)
    await door.keeps(Poison("wrong_topic", lambda *_: linked))


async def test_a_request_id_used_for_another_child_is_kept_once(door, service):
    """Somebody else's request is never answered by repeating its id."""
    prefix, names = service.settings.kafka_topic_prefix, ("one", "two")
    for name in names:
        await door.good(name)
    events = [asks_now(name, "the same") for name in names]
    first, second = [a_record(event, prefix=prefix) for event in events]
    _, place = await door.whole.hears(first, second)
    await door.whole.is_kept(place, "forged")


async def test_a_tombstone_of_no_user_is_kept_once(door, service):
    prefix = service.settings.kafka_topic_prefix
    nobody = a_record(Tombstone("nobody"), topic=topics.IDENTITY_USERS, prefix=prefix)
    (place,) = await door.whole.hears(nobody)
    await door.whole.is_kept(place, "bad_key")


@each_oddity
async def test_it_is_applied_like_any_other(door, oddity):
    await door.bears(oddity)


async def test_hearing_all_of_it_again_changes_nothing(door, service):
    await door.changes_nothing_when_all_is_heard_again(service)
