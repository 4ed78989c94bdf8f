"""The doors over HTTP: the family's page, the desk's search and activation."""

import asyncio
import json
from datetime import timedelta

import pytest
from certificates import numbers
from chassis import clock
from contracts.events import CertificateRequested, ChildUnlinked

from tests.builders import AGREED, a_record, an_id
from tests.doors import bearer, problem, said

CHILD, PARENT, CLERK = an_id("child"), bearer("parent", "parent"), bearer("clerk", "staff")
ASK = f"/children/{CHILD}/certificate-requests"
PAGE = f"/children/{CHILD}/certificate"
CHECKED = {"checked_documents": ["Паспорт", "СНИЛС"], "consent": True, "comment": "Всё верно"}
OUTSIDERS = [
    ("parent", "parent"),
    ("teacher", "staff"),
    ("stranger", "staff"),
    ("child", "student"),
]


async def a_large_body():
    for _ in range(3):
        yield b" " * 500_000


async def test_a_body_is_limited_also_when_it_does_not_say_its_length(client):
    path = "/certificates/785044901646/activation"
    headers = CLERK | {"Content-Type": "application/json"}
    problem(await client.post(path, headers=headers, content=a_large_body()), 413, "too_large")


def mistyped(number: str) -> str:
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def unissued(number: str) -> str:
    body = f"{(int(number[:-1]) + 1) % 10**11:011}"
    return body + numbers.check_digit(body)


async def activate(client, number, headers=CLERK, **changes):
    path = f"/certificates/{number}/activation"
    return await client.post(path, headers=headers, json=CHECKED | changes)


async def kinds(town) -> list[str | None]:
    return [one.kind for one in await said(town.store.pool)]


async def test_a_request_is_accepted_and_said_once(client, town):
    answer = await client.post(ASK, headers=PARENT)
    assert answer.status_code == 202
    request_id = answer.json()["request_id"]
    assert answer.headers["location"] == f"/certificate-requests/{request_id}"
    (one,) = await said(town.store.pool)
    assert (one.kind, one.key, one.event["request_id"]) == (
        "certificate.requested", str(CHILD), request_id,
    )  # fmt: skip
    assert one.event["requester"] == {"user_id": str(an_id("parent")), "role": "parent"}


async def test_the_same_key_gives_the_same_request_and_one_event(client, town):
    headers = PARENT | {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*(client.post(ASK, headers=headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["request_id"] for answer in answers}) == 1
    assert len(await kinds(town)) == 1


async def test_a_key_used_again_for_another_child_is_a_conflict(client, town):
    headers = PARENT | {"Idempotency-Key": "one"}
    await client.post(ASK, headers=headers)
    other = f"/children/{an_id('sister')}/certificate-requests"
    problem(await client.post(other, headers=headers), 409, "idempotency_key_reused")
    assert len(await kinds(town)) == 1


async def test_the_same_key_of_another_user_is_another_request(client, town):
    key = {"Idempotency-Key": "one"}
    other = f"/children/{an_id('neighbour')}/certificate-requests"
    neighbour = bearer("neighbours parent", "parent")
    agreed = {"text_version": AGREED.version}
    await client.post(f"/children/{an_id('neighbour')}/consents", headers=neighbour, json=agreed)
    first = await client.post(ASK, headers=PARENT | key)
    second = await client.post(other, headers=neighbour | key)
    assert first.json() != second.json()
    assert len(await kinds(town)) == 2


async def test_other_peoples_request_is_not_there(client, number):
    asked = f"/certificate-requests/{an_id('request r1')}"
    for who in ("neighbours parent", "neighbour", "clerk", "stranger"):
        problem(await client.get(asked, headers=bearer(who, "parent")), 404, "not_found")
    problem(await client.get(asked), 401, "unauthorized")


async def test_the_child_is_gone_for_a_parent_the_moment_the_link_ends(client, town):
    ended = ChildUnlinked(parent_id=an_id("parent"), child_id=CHILD, version=2)
    await town.consume([a_record(ended)])
    problem(await client.get(PAGE, headers=PARENT), 404, "not_found")


async def test_a_request_is_followed_from_pending_to_issued(client, town):
    request = (await client.post(ASK, headers=PARENT)).json()["request_id"]
    path = f"/certificate-requests/{request}"
    assert (await client.get(path, headers=PARENT)).json()["status"] == "pending"
    (asked,) = await said(town.store.pool)
    await town.consume([a_record(CertificateRequested.model_validate(asked.event))])
    state = (await client.get(path, headers=PARENT)).json()
    assert (state["status"], state["reasons"]) == ("issued", [])
    assert state["certificate_id"]


async def test_the_desk_finds_a_certificate_by_its_number_spaces_or_not(client, number):
    for typed in (
        number, f" {number[:4]} {number[4:8]}\u00a0{number[8:]} ",
        f"№ {number[:4]}-{number[4:8]}\u2013{number[8:]}",
    ):  # fmt: skip
        found = await client.get("/certificates", params={"number": typed}, headers=CLERK)
        (item,) = found.json()["items"]
        assert (item["number"], item["status"]) == (number, "pending_activation")
        assert item["child"] == {
            "id": str(CHILD), "full_name": "Иванов Игорь Иванович", "birth_date": "2016-05-01",
        }  # fmt: skip


@pytest.mark.parametrize(("who", "role"), OUTSIDERS)
async def test_search_is_not_there_for_who_may_not_activate(client, number, who, role):
    for typed in (number, mistyped(number), "x"):
        headers = bearer(who, role, organization="centre")
        answer = await client.get("/certificates", params={"number": typed}, headers=headers)
        problem(answer, 404, "not_found")


async def test_who_presses_again_and_again_is_told_when_to_come_again_and_is_not_heard(
    client, town, time
):
    """A press more for another child, or of somebody else, is one of their own."""
    answers = [await client.post(ASK, headers=PARENT) for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {202}
    problem(answers[60], 429, "too_many_requests")
    assert answers[60].headers["retry-after"] == "60"
    assert len(await said(town.store.pool)) == 60
    sister = ASK.replace(str(an_id("child")), str(an_id("sister")))
    assert (await client.post(sister, headers=PARENT)).status_code == 202
    time.passes(60)
    assert (await client.post(ASK, headers=PARENT)).status_code == 202


async def test_who_searches_again_and_again_is_told_when_to_come_again(client, number, time):
    async def search(who):
        return await client.get("/certificates", params={"number": number}, headers=who)

    answers = [await search(CLERK) for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {200}
    problem(answers[60], 429, "too_many_requests")
    assert answers[60].headers["retry-after"] == "60"
    time.passes(60)
    assert (await search(CLERK)).status_code == 200


async def test_a_mistyped_number_is_told_so_and_an_unissued_one_is_not_found(client, number):
    wrong, free = mistyped(number), unissued(number)
    answer = await client.get("/certificates", params={"number": wrong}, headers=CLERK)
    problem(answer, 422, "mistyped_number")
    answer = await client.get("/certificates", params={"number": free}, headers=CLERK)
    assert (answer.status_code, answer.json()["items"]) == (200, [])


@pytest.mark.parametrize("lost", range(12))
async def test_a_lost_digit_and_one_too_many_are_told_as_mistyped(client, number, lost):
    before, digit, after = number[:lost], number[lost], number[lost + 1 :]
    for typed in (before + after, before + digit + digit + after):
        answer = await client.get("/certificates", params={"number": typed}, headers=CLERK)
        problem(answer, 422, "mistyped_number")


@pytest.mark.parametrize("typed", ["", "123", "78000000001x", "٧٨٠٠٠٠٠٠٠٠١١", "1" * 41])
async def test_what_is_no_number_is_told_so(client, typed):
    answer = await client.get("/certificates", params={"number": typed}, headers=CLERK)
    assert answer.json()["code"] in {"invalid_number", "invalid_request"}
    problem(answer, 422, answer.json()["code"])


async def test_activation_is_said_with_the_next_version(client, town, number):
    answer = await activate(client, number)
    assert (answer.status_code, answer.json()["status"]) == (200, "active")
    one = (await said(town.store.pool))[-1]
    assert (one.kind, one.key, one.event["version"]) == ("certificate.activated", str(CHILD), 2)
    assert (one.event["organization_id"], one.event["number"]) == ("centre", number)


async def test_activation_records_who_checked_what(client, town, number):
    await activate(client, number)
    (change,) = await town.store.pool.fetch("SELECT * FROM changes")
    assert (change["kind"], change["version"]) == ("activated", 2)
    assert (change["actor_id"], change["organization"]) == (an_id("clerk"), "centre")
    assert change["checked_documents"] == CHECKED["checked_documents"]
    assert (change["consent"], change["comment"]) == (True, "Всё верно")
    assert clock.now() - change["changed_at"] < timedelta(minutes=1)


async def test_what_was_checked_is_not_said_to_everyone(client, town, number):
    await activate(client, number)
    last = json.dumps((await said(town.store.pool))[-1].event, ensure_ascii=False)
    assert not any(word in last for word in ("Паспорт", "Всё верно", str(an_id("clerk"))))


async def test_a_second_activation_is_a_conflict_and_says_nothing(client, town, number):
    answers = await asyncio.gather(*(activate(client, number) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    problem(await activate(client, number), 409, "already_active")
    assert await kinds(town) == ["certificate.issued", "certificate.activated"]


@pytest.mark.parametrize(
    ("missing", "code"),
    [({"consent": False}, "consent_missing"), ({"checked_documents": []}, "papers_not_checked")],
)
async def test_an_activation_without_consent_or_papers_is_refused(
    client, town, number, missing, code
):
    problem(await activate(client, number, **missing), 409, code)
    status = await town.store.pool.fetchval("SELECT status FROM certificates")
    assert status == "pending_activation"
    assert await kinds(town) == ["certificate.issued"]


async def test_an_unknown_number_is_not_there_and_a_mistyped_one_is_told_so(client, number):
    problem(await activate(client, unissued(number)), 404, "not_found")
    problem(await activate(client, mistyped(number)), 422, "mistyped_number")


@pytest.mark.parametrize("body", [{}, {"consent": True}, CHECKED | {"checked_documents": ["\x00"]}])
async def test_a_bad_form_is_told_by_its_fields(client, number, body):
    path = f"/certificates/{number}/activation"
    answer = await client.post(path, headers=CLERK, json=body)
    assert problem(answer, 422, "invalid_request")["errors"]
