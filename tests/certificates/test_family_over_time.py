"""What stays and what goes when links, schools and municipalities change."""

import asyncio

import pytest
from certificates.store import SQL
from contracts.events import ChildUnlinked

from tests.builders import AGREED, a_link, a_user, an_id
from tests.certificates.test_who_may import CHECKED, NOT_THERE, WHY, agree, ask, see
from tests.certificates.town import SCHOOL_2, born
from tests.waiting import eventually

KID = an_id("kid")
PAGE = f"/children/{KID}/certificate"


def kid(version: int, **person):
    """The kid, of whom something is another now."""
    known = a_user("kid", born=born(10), version=version)
    return known.model_copy(update={"person": known.person.model_copy(update=person)})


def unlinked(parent: str = "parent", version: int = 2) -> ChildUnlinked:
    return ChildUnlinked(parent_id=an_id(parent), child_id=KID, version=version)


async def seen(town, who) -> dict:
    answer = await town.calls(who, "GET", PAGE)
    return answer.json()["certificate"]


async def deeds(town, who, number) -> list[tuple]:
    answer = await town.calls(who, "GET", f"/certificates/{number}/history")
    return [(one["at"], one["action"], one["actor_id"]) for one in answer.json()["items"]]


async def test_a_parent_who_is_linked_later_sees_the_same_certificate_and_gets_no_second(settled):
    town = await settled()
    number = await town.number()
    first = await seen(town, "parent")
    done = await deeds(town, "parent", number)
    await town.hears(a_link("other parent", "kid"))
    assert await seen(town, "other parent") == first
    assert set(done) <= set(await deeds(town, "other parent", number))
    assert await see(town, "other parent", "kid") == "already_has_certificate"
    assert await agree(town, "other parent", "kid") == "agreed"
    assert await ask(town, "other parent", "kid") == "refused: already_has_certificate"
    assert await town.pool.fetchval("SELECT count(*) FROM certificates") == 1


async def test_nobody_acts_for_who_is_no_student_nor_an_adult_for_themselves(settled):
    """SGO may tell a link the wrong way round."""
    town = await settled()
    await town.hears(a_link("kid", "parent"))
    for who in ("kid", "parent"):
        assert await see(town, who, "parent") == NOT_THERE
        assert await ask(town, who, "parent") == NOT_THERE
        assert await agree(town, who, "parent") == NOT_THERE


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(("kid", "parent"), id="the child is no student"),
        pytest.param(("parent", "student"), id="who looks is no parent"),
    ],
)
async def test_an_open_page_is_closed_with_the_role_that_opened_it(settled, changed):
    town = await settled()
    pair = ([an_id("parent")], [KID])
    watched = "SELECT allowed FROM ({}) AS w".format(SQL["watched"])
    assert await town.pool.fetchval(watched, *pair)
    who, role = changed
    await town.hears(a_user(who, role=role, version=2))
    assert not await town.pool.fetchval(watched, *pair)


async def test_who_follows_an_open_page_has_looked(settled):
    town = await settled()
    page = f"/children/{an_id('teen')}/certificate/events"
    look = "SELECT * FROM journal WHERE subject = $1"
    stream = asyncio.create_task(town.calls("teacher", "GET", page))
    row = await eventually(lambda: town.pool.fetchrow(look, an_id("teen")))
    stream.cancel()
    assert (row["action"], row["actor"], row["organization"]) == ("saw_card", "staff", "school-1")


async def test_two_parents_who_ask_at_the_same_moment_get_one_certificate_for_both(settled):
    town = await settled()
    await town.hears(a_link("other parent", "kid"))
    await agree(town, "other parent", "kid")
    for who in ("parent", "other parent"):
        answer = await town.calls(who, "POST", f"/children/{KID}/certificate-requests")
        assert answer.status_code == 202
    await town.accepted()
    rows = await town.pool.fetch("SELECT status FROM certificate_requests ORDER BY requested_at")
    assert sorted(row["status"] for row in rows) == ["issued", "refused"]
    assert await seen(town, "parent") == await seen(town, "other parent")


@pytest.mark.parametrize(
    "closing",
    [
        pytest.param(ChildUnlinked(parent_id=an_id("parent"), child_id=KID, version=2), id="link"),
        pytest.param(a_user("parent", role="staff", born=None, version=2), id="role of a parent"),
    ],
)
async def test_a_removed_link_or_role_closes_every_door_to_the_child(settled, closing):
    town = await settled()
    asked = await town.calls("parent", "POST", f"/children/{KID}/certificate-requests")
    await town.accepted()
    number = (await seen(town, "parent"))["number"]
    doors = [
        ("GET", PAGE, None),
        ("POST", f"/children/{KID}/certificate-requests", None),
        ("GET", f"/certificate-requests/{asked.json()['request_id']}", None),
        ("GET", f"/children/{KID}/consent", None),
        ("POST", f"/children/{KID}/consents", {"text_version": AGREED.version}),
        ("POST", f"/children/{KID}/consents/withdrawal", None),
        ("GET", f"/certificates/{number}/history", None),
        ("POST", f"/certificates/{number}/annulment", WHY),
    ]
    for method, path, body in doors[:-2]:
        assert (await town.calls("parent", method, path, json=body)).is_success, path
    await town.hears(closing)
    assert str(KID) not in (await town.calls("parent", "GET", "/children")).text
    for method, path, body in [*doors, ("GET", f"{PAGE}/events", None)]:
        answer = await town.calls("parent", method, path, json=body)
        assert answer.status_code == 404, path
    assert (await seen(town, "teacher"))["number"] == number  # it lives on


async def test_a_request_whose_link_is_removed_before_it_is_decided_is_refused(settled):
    town = await settled()
    asked = await town.calls("parent", "POST", f"/children/{KID}/certificate-requests")
    await town.hears(unlinked())
    await town.accepted()
    assert await town.outcome(asked.json()["request_id"]) == "refused: child_not_linked"


async def test_a_link_that_is_made_again_opens_the_same_certificate(settled):
    town = await settled()
    await town.number()
    before = await seen(town, "parent")
    await town.hears(unlinked(), a_link("parent", "kid", version=3))
    assert await seen(town, "parent") == before


async def test_a_child_who_changes_schools_keeps_the_certificate_and_the_old_staff_see_no_more(
    settled,
):
    town = await settled()
    await town.number()
    before = await seen(town, "parent")
    assert await seen(town, "teacher") == before
    assert await see(town, "head", "kid") == NOT_THERE
    await town.hears(kid(2, enrolments=(SCHOOL_2,)))
    assert await seen(town, "parent") == before
    assert await seen(town, "head") == before
    assert await see(town, "teacher", "kid") == NOT_THERE


async def test_after_a_change_of_schools_the_new_staff_ask_and_the_old_may_not(settled):
    town = await settled()
    await town.hears(kid(2, enrolments=(SCHOOL_2,)))
    assert await town.decides("teacher", "staff", "kid") == "refused: child_not_linked"
    assert await ask(town, "teacher", "kid") == NOT_THERE
    assert await ask(town, "head", "kid") == "issued"


async def test_a_child_who_moves_where_the_module_is_off_keeps_the_certificate_but_gets_no_other(
    settled,
):
    town = await settled(module_off_in=frozenset({"m2"}))
    number = await town.number()
    before = await seen(town, "parent")
    await town.hears(kid(2, municipality="m2"))
    assert await seen(town, "parent") == before
    assert await see(town, "parent", "kid") == "module_disabled, already_has_certificate"
    path = f"/certificates/{number}/activation"
    assert (await town.calls("clerk", "POST", path, json=CHECKED)).json()["status"] == "active"
    await town.calls("clerk", "POST", f"/certificates/{number}/annulment", json=WHY)
    assert await ask(town, "parent", "kid") == "refused: module_disabled"
    await town.hears(kid(3, municipality="m1"))
    assert await see(town, "parent", "kid") == "the button"
