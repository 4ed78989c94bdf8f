"""Poison at identity's real door: kept once, the rest goes on."""

from functools import partial

import pytest
from contracts import Tombstone, topics
from identity import main
from identity.settings import Settings

from tests.builders import a_record
from tests.identity.sgo import a_user
from tests.poison import Door, Poison, each_oddity, each_poison
from tests.running import serving


@pytest.fixture(scope="module")
def service(whole_settings):
    return main.make(whole_settings(Settings))


@pytest.fixture(scope="module")
async def door(service):
    prefix = service.settings.kafka_topic_prefix

    async def good(name):
        return a_record(a_user(name), name=name, prefix=prefix)

    async with serving(service) as whole:
        applied = partial(whole.has, "SELECT FROM users WHERE sgo_user_id = $1")
        yield Door(whole, good, applied)


@each_poison
async def test_it_is_kept_once_and_its_neighbours_are_applied(door, poison):
    await door.keeps(poison)


async def test_a_tombstone_of_no_pair_is_kept_once(door, service):
    prefix = service.settings.kafka_topic_prefix
    lone = a_record(Tombstone("2"), topic=topics.SGO_CHILD_LINKS, prefix=prefix)
    (place,) = await door.whole.hears(lone)
    await door.whole.is_kept(place, "bad_key")


async def test_a_login_of_another_user_is_kept_once_and_neighbours_are_applied(door, service):
    async def with_login(name, login):
        record = a_user(name, login=login)
        return a_record(record, name=name, prefix=service.settings.kafka_topic_prefix)

    await door.whole.hears(await with_login("owner", "anna"))
    taken = await with_login("second", "ANNA")
    await door.keeps(Poison("login_taken", lambda *_: taken))


@each_oddity
async def test_it_is_applied_like_any_other(door, oddity):
    await door.bears(oddity)


async def test_hearing_all_of_it_again_changes_nothing(door, service):
    await door.changes_nothing_when_all_is_heard_again(service)
