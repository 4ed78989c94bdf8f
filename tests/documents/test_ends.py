"""After the end of a certificate its documents are closed, kindly, whatever comes first."""

import pytest
from documents import retry

from tests.builders import a_later_record, a_user
from tests.documents.desk import a_family, annulled, expired, issued, suspended
from tests.documents.test_api import LIST, PDF
from tests.documents.test_portal import ACCOUNT, PORTAL
from tests.documents.test_rotation import PRESS
from tests.doors import bearer, problem, said

PARENT = bearer("parent", "parent")
ENDS = [
    pytest.param(annulled(), "certificate_annulled", id="annulled"),
    pytest.param(expired(), "certificate_expired", id="expired"),
]


async def answers(client):
    return [
        await client.get(PDF, headers=PARENT),
        await client.post(PRESS, headers=PARENT),
        await client.get(ACCOUNT, headers=PORTAL),
    ]


@pytest.mark.parametrize(("end", "code"), ENDS)
async def test_the_credentials_of_a_certificate_that_is_over_are_closed(client, desk, end, code):
    await desk.consume(*a_family(), issued(), end)
    for answer in await answers(client):
        body = problem(answer, 410, code)
        assert "Новый сертификат" in body["detail"]
    assert await desk.pool.fetch("SELECT * FROM journal") == []
    assert (await desk.row())["version"] == 1


@pytest.mark.parametrize(("end", "code"), ENDS)
async def test_an_end_that_arrives_before_the_document_closes_it_as_well(client, desk, end, code):
    await desk.consume(*a_family()[1:], issued(), end)
    await desk.consume(a_user())
    await desk.try_parked()
    problem(await client.get(PDF, headers=PARENT), 410, code)


async def test_the_list_says_that_the_documents_are_closed(client, desk):
    await desk.consume(*a_family(), issued(), annulled())
    cards = (await client.get(LIST, headers=PARENT)).json()
    assert [(one["kind"], one["state"], one["url"], one["digest"]) for one in cards] == [
        ("credentials", "closed", None, None),
        ("image", "closed", None, None),
    ]


async def test_a_suspended_certificates_documents_stay_open(client, desk):
    """It may become active again, and a lost password can be renewed meanwhile."""
    await desk.consume(*a_family(), issued(), suspended())
    assert [answer.status_code for answer in await answers(client)] == [200, 201, 200]


async def test_what_is_not_yours_stays_not_there_after_the_end(client, desk):
    await desk.consume(*a_family(), issued(), annulled())
    stranger = bearer("stranger", "parent")
    problem(await client.get(PDF, headers=stranger), 404, "not_found")
    problem(await client.post(PRESS, headers=stranger), 404, "not_found")


async def test_a_failed_document_of_a_certificate_that_is_over_is_not_tried_again(desk):
    await desk.consume(issued())
    await desk.end_patience()
    await desk.consume(annulled())
    await desk.pool.execute("UPDATE credentials SET retry_at = now()")
    assert await retry.try_due(desk.door.store, desk.workshop) == 0
    assert [one.kind for one in await said(desk.pool)] == ["document.failed"]


async def test_the_first_end_stays(desk):
    await desk.consume(issued(), annulled(), expired())
    rows = await desk.pool.fetch("SELECT status FROM certificate_ends")
    assert [row["status"] for row in rows] == ["annulled"]


@pytest.mark.parametrize(("end", "code"), ENDS)
async def test_an_end_whose_status_only_a_later_release_knows_closes_the_documents(
    client, desk, end, code
):
    await desk.consume(*a_family(), issued())
    await desk.door.consume([a_later_record(end, status="archived")])
    problem(await client.get(PDF, headers=PARENT), 410, code)
