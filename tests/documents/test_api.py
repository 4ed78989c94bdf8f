"""The credentials PDF over HTTP: for its family, journalled, and for nobody else."""

import hashlib
from datetime import date

import pytest
from chassis import clock
from contracts import Tombstone, topics
from contracts.events import ChildUnlinked

from tests.builders import MOSCOW, a_record, a_user, an_id
from tests.documents.desk import a_family, issued
from tests.doors import bearer, problem

THIS_YEAR = clock.day_in(MOSCOW, clock.now()).year
OVER_14, UNDER_14 = date(THIS_YEAR - 15, 12, 31), date(THIS_YEAR - 13, 1, 1)
PDF = f"/certificates/{an_id('certificate of child')}/credentials.pdf"
LIST = f"/certificates/{an_id('certificate of child')}/documents"


@pytest.fixture
async def family(desk):
    """A child with a ready document, and another family."""
    await desk.consume(*a_family(), *a_family("neighbour", "neighbours parent"))
    await desk.consume(issued(), issued("neighbour", "780000000029"))
    return desk


async def journal(desk) -> list[tuple]:
    rows = await desk.pool.fetch("SELECT * FROM journal ORDER BY id")
    return [(row["action"], row["actor_id"], row["actor"], row["subject"]) for row in rows]


async def test_a_linked_parent_downloads_the_document_and_it_is_journalled(client, family):
    answer = await client.get(PDF, headers=bearer("parent", "parent"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["cache-control"] == "no-store"
    assert hashlib.sha256(answer.content).digest() == (await family.row())["digest"]
    assert await journal(family) == [
        ("downloaded_credentials", an_id("parent"), "parent", an_id("child"))
    ]


async def test_every_download_gives_the_same_bytes_and_is_journalled(client, family):
    first, second = [await client.get(PDF, headers=bearer("parent", "parent")) for _ in "12"]
    assert first.content == second.content
    assert len(await journal(family)) == 2


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("neighbours parent", "parent"),
        ("neighbour", "student"),
        ("stranger", "parent"),
        ("clerk", "staff"),
        ("boss", "operator"),
    ],
)
@pytest.mark.parametrize("address", [PDF, LIST])
async def test_it_is_not_there_for_anybody_else(client, family, who, role, address):
    await family.consume(a_user("clerk", role="staff", born=None), a_user("boss", role="operator"))
    problem(await client.get(address, headers=bearer(who, role)), 404, "not_found")
    assert await journal(family) == []


async def test_it_is_gone_for_a_parent_the_moment_the_link_ends(client, family):
    ended = ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2)
    await family.consume(ended)
    problem(await client.get(PDF, headers=bearer("parent", "parent")), 404, "not_found")


async def test_a_student_of_14_or_older_downloads_their_own(client, desk):
    await desk.consume(a_user(born=OVER_14), issued())
    assert (await client.get(PDF, headers=bearer("child", "student"))).status_code == 200
    assert await journal(desk) == [
        ("downloaded_credentials", an_id("child"), "student", an_id("child"))
    ]


@pytest.mark.parametrize("born", [UNDER_14, None])
async def test_a_student_under_14_or_of_unknown_age_does_not(client, desk, born):
    await desk.consume(a_user(born=born), issued())
    problem(await client.get(PDF, headers=bearer("child", "student")), 404, "not_found")
    assert await journal(desk) == []


@pytest.mark.parametrize("address", [PDF, LIST])
async def test_without_a_token_one_is_told_to_sign_in(client, family, address):
    answer = await client.get(address)
    problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_document_that_is_not_ready_says_when_to_look_again(client, desk):
    await desk.consume(*a_family()[1:], issued())
    await desk.end_patience()
    answer = await client.get(PDF, headers=bearer("parent", "parent"))
    problem(answer, 409, "document_not_ready")
    assert answer.headers["retry-after"]
    card, image = (await client.get(LIST, headers=bearer("parent", "parent"))).json()
    assert (card["state"], card["url"], card["digest"]) == ("failed", None, None)
    assert (image["kind"], image["state"], image["url"]) == ("image", "building", None)


async def test_an_erased_childs_document_is_not_there(client, family):
    tombstone = a_record(Tombstone(str(an_id("child"))), topic=topics.IDENTITY_USERS)
    await family.door.consume([tombstone])
    for address in (PDF, LIST):
        problem(await client.get(address, headers=bearer("parent", "parent")), 404, "not_found")


async def test_a_document_that_is_not_what_was_issued_is_never_given_out(client, family):
    await family.pool.execute("UPDATE credentials SET digest = decode(repeat('00', 32), 'hex')")
    answer = await client.get(PDF, headers=bearer("parent", "parent"))
    problem(answer, 500, "document_digest_differs")
    assert await journal(family) == []


async def test_the_list_names_each_document_its_state_and_its_address(client, family):
    card, image = (await client.get(LIST, headers=bearer("parent", "parent"))).json()
    assert (card["kind"], card["state"], card["url"]) == ("credentials", "ready", PDF)
    assert card["digest"] == (await family.row())["digest"].hex()
    png = PDF.replace("credentials.pdf", "certificate.png")
    assert (image["kind"], image["state"], image["url"]) == ("image", "ready", png)


async def test_a_student_under_14_sees_the_documents_and_no_address(client, desk):
    await desk.consume(a_user(born=UNDER_14), issued())
    cards = (await client.get(LIST, headers=bearer("child", "student"))).json()
    assert [(card["state"], card["url"]) for card in cards] == [("ready", None)] * 2


async def test_an_address_that_is_no_certificate_is_told_as_a_problem(client, family):
    answer = await client.get("/certificates/x/documents", headers=bearer("parent", "parent"))
    problem(answer, 422, "invalid_request")


async def test_an_unknown_certificate_is_not_there(client, family):
    address = f"/certificates/{an_id('nothing')}/credentials.pdf"
    problem(await client.get(address, headers=bearer("parent", "parent")), 404, "not_found")
