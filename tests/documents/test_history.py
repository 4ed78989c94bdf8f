"""The family sees who was given which document of a child, and why; before a certificate, too."""

import pytest
from contracts import Tombstone, topics
from contracts.events import ChildUnlinked

from tests.builders import a_record, a_user, an_id
from tests.documents.desk import a_family, issued
from tests.documents.staff import OUTSIDERS, WHY, a_clerk, of_clerks_own
from tests.documents.test_api import PDF, UNDER_14
from tests.documents.test_application import FILLED
from tests.documents.test_image import PNG
from tests.documents.test_portal import ACCOUNT, PORTAL
from tests.documents.test_rotation import PRESS
from tests.doors import bearer, problem

HISTORY = f"/children/{an_id('child')}/documents/history"
PARENT, CLERK = bearer("parent", "parent"), bearer("clerk", "staff", organization="centre")


@pytest.fixture
async def family(desk):
    await desk.consume(*a_family(), *a_family("neighbour", "neighbours parent"), a_clerk())
    return desk


async def seen(client, **asked) -> list[dict]:
    answer = await client.get(HISTORY, headers=PARENT, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_the_family_sees_everybody_who_was_given_a_document_and_why(client, family):
    await family.consume(issued())
    for path, who in ((FILLED, CLERK), (PNG, CLERK), (PDF, PARENT), (ACCOUNT, PORTAL)):
        answer = await client.get(path, headers=who, params=WHY if who is CLERK else {})
        assert answer.status_code == 200, path
    assert (await client.post(PRESS, headers=PARENT)).status_code == 201
    told = await seen(client)
    assert [(one["actor"], one["action"], one["organization"]) for one in told] == [
        ("parent", "saw_history", None),
        ("parent", "rotated_credentials", None),
        ("client", "downloaded_portal_account", None),
        ("parent", "downloaded_credentials", None),
        ("staff", "downloaded_image", "centre-1"),
        ("staff", "downloaded_application", "centre-1"),
    ]
    assert {one["organization_name"] for one in told[:4]} == {None}
    assert {one["organization_name"] for one in told[4:]} == {"Центр творчества"}
    assert [one["actor_id"] for one in told[4:]] == [str(an_id("clerk"))] * 2
    assert [one["details"] for one in told] == ["", "", "", "", WHY["reason"], WHY["reason"]]
    assert [one["action"] for one in await seen(client, only="deeds")] == ["rotated_credentials"]


async def test_who_looked_before_there_was_a_certificate_is_seen(client, family):
    assert (await client.get(FILLED, headers=CLERK, params=WHY)).status_code == 200
    assert [one["action"] for one in await seen(client)] == [
        "saw_history", "downloaded_application",
    ]  # fmt: skip


async def test_its_pages_follow_one_another(client, family):
    for _ in range(5):
        await client.get(FILLED, headers=PARENT)
    first = (await client.get(HISTORY, headers=PARENT, params={"limit": 4})).json()
    rest = (await client.get(HISTORY, headers=PARENT, params={"after": first["next"]})).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (4, 2, None)


async def test_staff_see_it_of_their_own_and_else_for_a_reason_and_are_seen(client, family):
    problem(await client.get(HISTORY, headers=CLERK), 422, "reason_needed")
    assert (await client.get(HISTORY, headers=CLERK, params=WHY)).status_code == 200
    await family.consume(of_clerks_own(version=2))
    assert (await client.get(HISTORY, headers=CLERK)).status_code == 200
    told = [(one["actor"], one["details"]) for one in await seen(client)][1:]
    assert told == [("staff", "своя организация"), ("staff", WHY["reason"])]


async def test_a_student_under_14_sees_who_looked(client, family):
    await family.consume(a_user(born=UNDER_14, version=2))
    answer = await client.get(HISTORY, headers=bearer("child", "student"))
    assert [one["actor"] for one in answer.json()["items"]] == ["student"]


@pytest.mark.parametrize(("who", "role"), OUTSIDERS)
async def test_it_is_not_there_for_anybody_else(client, family, who, role):
    await family.consume(a_clerk("teacher", authorized=False))
    answer = await client.get(HISTORY, headers=bearer(who, role), params=WHY)
    problem(answer, 404, "not_found")
    assert await family.pool.fetch("SELECT * FROM journal") == []


async def test_it_is_gone_with_the_link_and_with_the_child(client, family):
    ended = ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2)
    await family.consume(ended)
    problem(await client.get(HISTORY, headers=PARENT), 404, "not_found")
    erased = a_record(Tombstone(str(an_id("child"))), topic=topics.IDENTITY_USERS)
    await family.door.consume([erased])
    problem(await client.get(HISTORY, headers=CLERK, params=WHY), 404, "not_found")
