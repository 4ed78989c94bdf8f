"""The family's page: the certificate, the request that tells something, and why no button."""

import asyncio
import json

from certificates.watch import Watch
from contracts.events import CertificateRequested

from tests.builders import a_record, an_id
from tests.certificates.test_watch import opened, who
from tests.doors import bearer, said

CHILD, PARENT, CLERK = an_id("child"), bearer("parent", "parent"), bearer("clerk", "staff")
ASK = f"/children/{CHILD}/certificate-requests"
PAGE = f"/children/{CHILD}/certificate"


async def test_the_page_allows_a_first_certificate(client):
    page = (await client.get(PAGE, headers=PARENT)).json()
    assert (page["certificate"], page["request"]) == (None, None)
    assert page["eligibility"] == {"allowed": True, "reasons": []}


async def test_the_page_shows_the_certificate_and_why_there_is_no_second_one(client, number):
    page = (await client.get(PAGE, headers=PARENT)).json()
    card = page["certificate"]
    assert (card["number"], card["status"]) == (number, "pending_activation")
    assert (page["request"]["status"], page["request"]["certificate_id"]) == ("issued", card["id"])
    assert page["eligibility"]["allowed"] is False
    reasons = {reason["code"]: reason for reason in page["eligibility"]["reasons"]}
    assert set(reasons) == {"already_has_certificate"}
    assert all(reasons["already_has_certificate"].values())


async def shown(client) -> tuple[str | None, str, list[str]]:
    """The status of the certificate and of the request on the page, and why it was refused."""
    page = (await client.get(PAGE, headers=PARENT)).json()
    codes = [reason["code"] for reason in page["request"]["reasons"]]
    return page["certificate"] and page["certificate"]["status"], page["request"]["status"], codes


async def streamed(town) -> tuple[str | None, str | None]:
    """The status of the certificate and of the request that a page which is open hears of."""
    watch = Watch()
    stream = await opened(watch, who("parent"))
    await watch.look(town.store)
    heard = json.loads((await anext(stream)).partition("data: ")[2])
    await stream.aclose()
    return heard["status"], heard["request"]


async def decide_all(town) -> None:
    asked = [one for one in await said(town.store.pool) if one.kind == "certificate.requested"]
    await town.consume([a_record(CertificateRequested.model_validate(one.event)) for one in asked])


async def annul(client, number) -> None:
    body = {"reason": "moved_away", "comment": "Семья переехала"}
    answer = await client.post(f"/certificates/{number}/annulment", headers=CLERK, json=body)
    assert answer.status_code == 200, answer.text


async def test_after_many_presses_at_once_page_and_stream_tell_of_the_one_that_was_issued(
    client, town
):
    """Those that came too late were refused, for a reason that is no news to a family."""
    answers = await asyncio.gather(*(client.post(ASK, headers=PARENT) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    await decide_all(town)
    statuses = await town.store.pool.fetch("SELECT status FROM certificate_requests")
    assert sorted(row["status"] for row in statuses) == ["issued"] + ["refused"] * 49
    assert await shown(client) == ("pending_activation", "issued", [])
    assert await streamed(town) == ("pending_activation", "issued")
    await client.post(ASK, headers=PARENT)
    assert await shown(client) == ("pending_activation", "issued", [])
    assert await streamed(town) == ("pending_activation", "issued")


async def test_when_the_certificate_is_over_the_page_shows_the_latest_request_that_tells_something(
    client, town, number
):
    await client.post(ASK, headers=PARENT)
    await decide_all(town)
    await annul(client, number)
    assert await shown(client) == ("annulled", "issued", [])
    asked = await client.post(ASK, headers=PARENT)
    assert await shown(client) == ("annulled", "pending", [])
    await town.store.pool.execute(
        "UPDATE certificate_requests SET status = 'refused', codes = '{not_enrolled}'"
        " WHERE request_id = $1",
        asked.json()["request_id"],
    )
    assert await shown(client) == ("annulled", "refused", ["not_enrolled"])
    assert await streamed(town) == ("annulled", "refused")


async def test_a_refusal_for_a_certificate_is_shown_where_there_is_no_other_request(client, town):
    await client.post(ASK, headers=PARENT)
    await town.store.pool.execute(
        "UPDATE certificate_requests SET status = 'refused', codes = '{already_has_certificate}'"
    )
    assert await shown(client) == (None, "refused", ["already_has_certificate"])
