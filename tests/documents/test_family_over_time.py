"""What the years and a change of links do to a certificate's documents; the moment is passed in."""

from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from contracts.events import ChildUnlinked
from documents import api
from documents.settings import Settings

from tests.builders import MOSCOW, a_link, a_user, an_id
from tests.documents.desk import PORTAL, a_family, expired, issued
from tests.documents.test_api import LIST, PDF
from tests.documents.test_application import FILLED
from tests.documents.test_image import PDF as PRINTABLE
from tests.documents.test_image import PNG
from tests.documents.test_rotation import PRESS
from tests.doors import a_client, bearer

SECOND = timedelta(seconds=1)
PARENT, SECOND_PARENT = bearer("parent", "parent"), bearer("father", "parent")
DOORS = [("GET", PDF), ("GET", PNG), ("GET", PRINTABLE), ("GET", FILLED), ("POST", PRESS)]


@asynccontextmanager
async def at(moment, zone, desk, settings_for):
    """The doors as they are at this moment."""
    doors = api.Doors(desk.workshop, zone, now=lambda: moment)
    settings = settings_for(Settings, portal_url=PORTAL)
    async with a_client(desk.door.store, settings, api.router, doors) as client:
        yield client


async def answers(client, who) -> dict[str, int]:
    """What each door that gives something away answers."""
    found = {}
    for method, path in DOORS:
        answer = await client.request(method, path, headers=who)
        found[path] = answer.status_code
    return found


FATHER = a_user("father", role="parent", born=None, enrolled=False)
ALL_CLOSED = {path: 404 for _, path in DOORS}
ALL_OPEN = {path: 200 for _, path in DOORS} | {PRESS: 201}


@pytest.mark.parametrize("zone", [MOSCOW, ZoneInfo("Asia/Kamchatka")], ids=str)
@pytest.mark.parametrize(
    ("born", "birthday"),
    [(date(2012, 11, 25), date(2026, 11, 25)), (date(2012, 2, 29), date(2026, 3, 1))],
)
async def test_the_14th_birthday_opens_every_document_to_the_student_at_midnight(
    desk, settings_for, zone, born, birthday
):
    await desk.consume(*a_family()[1:], a_user(born=born), issued())
    first, own = datetime.combine(birthday, time(), zone), bearer("child", "student")
    async with at(first - SECOND, zone, desk, settings_for) as client:
        assert await answers(client, own) == ALL_CLOSED
        cards = (await client.get(LIST, headers=own)).json()
        assert [(one["state"], one["url"]) for one in cards] == [("ready", None)] * 2
    async with at(first, zone, desk, settings_for) as client:
        assert await answers(client, own) == ALL_OPEN


async def test_a_parent_who_is_linked_later_gets_the_same_documents(client, desk):
    await desk.consume(*a_family(), issued())
    await desk.consume(FATHER, a_link("father", "child"))
    for path in (LIST, PDF, PNG, PRINTABLE):
        first, second = [await client.get(path, headers=who) for who in (PARENT, SECOND_PARENT)]
        assert first.status_code == second.status_code == 200
        assert first.content == second.content


async def test_a_new_password_of_one_parent_is_the_new_password_of_the_other(client, desk):
    await desk.consume(*a_family(), FATHER, a_link("father", "child"), issued())
    old = (await client.get(PDF, headers=PARENT)).content
    assert (await client.post(PRESS, headers=SECOND_PARENT)).status_code == 201
    new = [(await client.get(PDF, headers=who)).content for who in (PARENT, SECOND_PARENT)]
    assert new[0] == new[1] != old


async def test_a_removed_link_closes_every_document(client, desk):
    await desk.consume(*a_family(), FATHER, a_link("father", "child"), issued())
    assert await answers(client, PARENT) == ALL_OPEN
    await desk.consume(ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2))
    assert await answers(client, PARENT) == ALL_CLOSED
    assert (await client.get(LIST, headers=PARENT)).status_code == 404
    assert await answers(client, SECOND_PARENT) == ALL_OPEN


async def test_who_is_a_parent_no_more_is_given_no_document(client, desk):
    """The link stays where only the role was taken away."""
    await desk.consume(*a_family(), issued())
    assert await answers(client, PARENT) == ALL_OPEN
    await desk.consume(a_user("parent", role="staff", born=None, enrolled=False, version=2))
    assert await answers(client, PARENT) == ALL_CLOSED
    assert (await client.get(LIST, headers=PARENT)).status_code == 404


async def test_a_link_that_is_heard_before_its_parent_opens_nothing_until_the_parent_is(
    client, desk
):
    child, parent, link = a_family()
    await desk.consume(child, link, issued())
    assert await answers(client, PARENT) == ALL_CLOSED
    await desk.consume(parent)
    assert await answers(client, PARENT) == ALL_OPEN


async def test_after_the_18th_birthday_only_the_application_is_left(client, desk):
    """The certificate has expired, and says so kindly; the blank holds no more than the page."""
    await desk.consume(*a_family(), issued(), expired())
    assert await answers(client, PARENT) == {path: 410 for _, path in DOORS} | {FILLED: 200}


async def test_no_document_is_given_to_or_for_who_is_known_to_be_no_student(desk, settings_for):
    """A link the wrong way round opens nothing, and an adult is nobody's child."""
    adult = a_user("adult", role="parent", born=date(1990, 1, 1))
    documents = [a_user(), adult, a_link("child", "adult"), issued("adult")]
    await desk.consume(*documents)
    about = {old: path.replace(str(an_id("child")), str(an_id("adult")))
             .replace(str(an_id("certificate of child")), str(an_id("certificate of adult")))
             for _, old in DOORS for path in [old]}  # fmt: skip
    async with at(datetime(2026, 11, 25, tzinfo=MOSCOW), MOSCOW, desk, settings_for) as client:
        for who in (bearer("child", "student"), bearer("adult", "parent")):
            for method, path in DOORS:
                answer = await client.request(method, about[path], headers=who)
                assert answer.status_code == 404, path


async def test_who_was_known_before_roles_were_is_let_in_as_before(desk, settings_for):
    await desk.consume(*a_family(), issued())
    await desk.pool.execute("UPDATE people SET student = NULL, parent = NULL")
    async with at(datetime(2026, 11, 25, tzinfo=MOSCOW), MOSCOW, desk, settings_for) as client:
        assert await answers(client, PARENT) == ALL_OPEN
