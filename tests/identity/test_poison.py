"""Poison at identity's real door: kept once, the rest goes on."""

from functools import partial

import pytest
from contracts import Tombstone, topics
from identity import main
from identity.settings import Settings

from tests.builders import a_record
from tests.identity.sgo import a_user
from tests.poison import Door, each_oddity, each_poison
from tests.running import serving


@pytest.fixture(scope="module")
async def service(whole_settings):
    return main.make(await whole_settings("identity", Settings))


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


@each_oddity
async def test_it_is_applied_like_any_other(door, oddity):
    await door.bears(oddity)


async def test_hearing_all_of_it_again_changes_nothing(door, service):
    await door.changes_nothing_when_all_is_heard_again(service)
