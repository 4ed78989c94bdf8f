"""The family and the desk see who did what, who looked, where they work, and why."""

from base64 import urlsafe_b64encode

import pytest
from contracts import Tombstone, topics
from contracts.events import CertificateRequested

from tests.builders import a_record, an_id
from tests.certificates.desk import (
    CHECKED,
    CLERK,
    LOOKING,
    PARENT,
    SCHOOLMASTER,
    active,
    change,
    deeds,
    search,
)
from tests.doors import bearer, problem, said


async def test_the_family_and_the_desk_see_who_did_what_and_who_looked(client, town, number):
    await active(client, number)
    await search(client, number=number)
    for headers in (PARENT, CLERK):
        answer = await client.get(
            f"/certificates/{number}/history", headers=headers, params=LOOKING
        )
        actions = [deed["action"] for deed in answer.json()["items"]]
        assert {"found_by_desk", "activated", "saw_history"} <= set(actions)
    other = bearer("neighbours parent", "parent")
    problem(await client.get(f"/certificates/{number}/history", headers=other), 404, "not_found")


async def test_a_desk_that_sees_the_history_of_a_child_of_others_says_why(client, town, number):
    address = f"/certificates/{number}/history"
    problem(await client.get(address, headers=CLERK), 422, "reason_needed")
    for headers in (CLERK, PARENT):
        assert (await client.get(address, headers=headers, params=LOOKING)).status_code == 200
    rows = await town.store.pool.fetch("SELECT * FROM journal WHERE action = 'saw_history'")
    told = {row["actor_id"]: row["details"] for row in rows}
    assert told == {an_id("clerk"): LOOKING["reason"], an_id("parent"): ""}


async def test_looks_never_push_a_deed_out_of_the_history(client, town, number):
    """Whoever looks again and again fills pages: each is there, and deeds by themselves."""
    await active(client, number)
    for n in range(12):
        await search(client, number=number, reason="родитель на приёме " + "и снова" * n)
    journal = {"subject": str(an_id("child"))}
    await client.get("/journal", headers=bearer("operator", "operator"), params=journal)
    address = f"/certificates/{number}/history"
    page = (await client.get(address, headers=PARENT, params={"limit": 5})).json()
    seen = page["items"]
    while page["next"]:
        asked = {"limit": 5, "after": page["next"]}
        page = (await client.get(address, headers=PARENT, params=asked)).json()
        seen += page["items"]
    actions = [one["action"] for one in seen]
    assert (actions.count("found_by_desk"), actions.count("activated")) == (12, 1)
    assert [one["at"] for one in seen] == sorted((one["at"] for one in seen), reverse=True)
    for only, among, missing in (
        ("deeds", "activated", "found_by_desk"), ("deeds", "activated", "read_journal"),
        ("looks", "found_by_desk", "activated"), ("looks", "read_journal", "activated"),
    ):  # fmt: skip
        page = (await client.get(address, headers=PARENT, params={"only": only})).json()
        told = {one["action"] for one in page["items"]}
        assert among in told
        assert missing not in told


@pytest.mark.parametrize(
    "place", ["x", '["2026-11-24T09:00:00", 1]', '["2026-11-24T09:00:00Z", -1]', "[]", "7",
              f'["2026-11-24T09:00:00Z", {2**63}]', '["9999-12-31T23:59:59Z", 1]'],
)  # fmt: skip
async def test_a_page_of_a_history_that_is_none_is_told_so(client, number, place):
    after = {"after": urlsafe_b64encode(place.encode()).decode()}
    answer = await client.get(f"/certificates/{number}/history", headers=PARENT, params=after)
    problem(answer, 422, "bad_page")


async def test_the_history_tells_of_which_organization_whoever_acted_or_looked_is(
    client, town, number
):
    """Also of a school, which is not authorized; a parent acts for no organization."""
    child = f"/children/{an_id('child')}"
    text = (await client.get(f"{child}/consent", headers=PARENT)).json()["text_version"]
    for headers in (SCHOOLMASTER, PARENT):
        await client.get(f"{child}/certificate", headers=headers)
        await client.post(f"{child}/certificate-requests", headers=headers)
        await client.post(f"{child}/consents/withdrawal", headers=headers)
        await client.post(f"{child}/consents", headers=headers, json={"text_version": text})
    await active(client, number)
    await deeds(client, number, SCHOOLMASTER)
    told = await deeds(client, number, PARENT)
    assert {(one["action"], one["organization"]) for one in told if one["actor"] == "staff"} == {
        *((action, "school-1") for action in ("saw_card", "requested", "consented", "saw_history")),
        ("activated", "centre"),
    }
    assert {one["organization"] for one in told if one["actor"] == "parent"} == {None}


async def test_the_history_tells_which_papers_were_checked_until_the_child_is_erased(
    client, town, number
):
    papers = CHECKED | {"checked_documents": ["Паспорт", "СНИЛС"], "comment": "Иванов"}
    await change(client, number, "activation", body=papers)
    await change(client, number, "suspension")
    for headers in (PARENT, CLERK):
        told = {one["action"]: one["details"] for one in await deeds(client, number, headers)}
        assert (told["activated"], told["suspended"]) == ("Паспорт, СНИЛС", "сделано по ошибке")
    erased = Tombstone(str(an_id("child")), 2)
    await town.consume([a_record(erased, topic=topics.IDENTITY_USERS)])
    told = {one["action"]: one["details"] for one in await deeds(client, number)}
    assert told["activated"] == ""


async def test_each_activation_in_the_history_tells_its_own_papers(client, town, number):
    """A child may have had several certificates; the journal is about the child."""
    await active(client, number)
    await change(client, number, "annulment")
    await client.post(f"/children/{an_id('child')}/certificate-requests", headers=PARENT)
    asked = (await said(town.store.pool))[-1].event
    await town.consume([a_record(CertificateRequested.model_validate(asked))])
    new = (await said(town.store.pool))[-1].event["number"]
    await change(client, new, "activation", body=CHECKED | {"checked_documents": ["СНИЛС"]})
    told = [one["details"] for one in await deeds(client, new) if one["action"] == "activated"]
    assert told == ["СНИЛС", "Паспорт"]
