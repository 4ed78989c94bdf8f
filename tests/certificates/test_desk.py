"""The desk changes certificates: who may, when, and what is said and kept of it."""

import pytest
from certificates import api
from certificates.reasons import (
    TO_ANNUL,
    TO_ANNUL_BY_FAMILY,
    TO_RESUME,
    TO_SUSPEND,
    WhyChanged,
    in_words,
)
from contracts.events import CertificateRequested, ChildUnlinked

from tests.builders import a_record, an_id
from tests.certificates.desk import PARENT, WHY, active, change, deeds
from tests.doors import bearer, problem, said
from tools.docs import openapi
from tools.samples import ROOT

LISTS = {"suspension": TO_SUSPEND, "resumption": TO_RESUME, "annulment": TO_ANNUL}


async def test_the_whole_life_is_said_with_dense_versions(client, town, number):
    await active(client, number)
    for what, status in (
        ("suspension", "suspended"),
        ("resumption", "active"),
        ("annulment", "annulled"),
    ):
        assert (await change(client, number, what)).json()["status"] == status
    events = [one.event for one in await said(town.store.pool)]
    assert [event["version"] for event in events] == [1, 2, 3, 4, 5]
    assert [event["status"] for event in events] == [
        "pending_activation", "active", "suspended", "active", "annulled",
    ]  # fmt: skip


async def test_a_reason_is_said_and_kept_and_the_comment_only_kept(client, town, number):
    await active(client, number)
    await change(client, number, "suspension")
    event = (await said(town.store.pool))[-1].event
    assert event["reason"] == "mistake"
    assert "не тот" not in str(event)
    row = await town.store.pool.fetchrow("SELECT * FROM changes WHERE version = 3")
    assert (row["kind"], row["reason"], row["comment"]) == ("suspended", *WHY.values())
    assert (row["actor_id"], row["organization"]) == (an_id("clerk"), "centre")


@pytest.mark.parametrize("body", [{}, {"reason": None}, {"reason": "x" * 65}, {"comment": "x"}])
async def test_no_change_without_a_reason(client, town, number, body):
    await active(client, number)
    problem(await change(client, number, "suspension", body=body), 422, "invalid_request")


@pytest.mark.parametrize("what", LISTS)
async def test_a_reason_is_one_of_the_list_and_never_somebodys_words(client, town, number, what):
    """It is public: also what looks like a code may be a diagnosis or a name."""
    for reason in ("", "Семья переехала", "ivanov_is_ill", "person_erased"):
        refused = problem(await change(client, number, what, body={"reason": reason}), 422,
                          "unknown_reason")  # fmt: skip
        for code in LISTS[what]:
            assert f"{code} ({in_words(code)})" in refused["detail"]
        assert not reason or reason not in refused["detail"].replace("(семья переехала)", "")
    assert len(await said(town.store.pool)) == 1


@pytest.mark.parametrize(
    ("what", "code"),
    [(what, code) for what, codes in LISTS.items() for code in WhyChanged if code not in codes],
)
async def test_a_reason_of_another_change_is_refused_with_those_that_there_are(
    client, town, number, what, code
):
    """Nothing is resumed because papers are wrong."""
    detail = problem(await change(client, number, what, body={"reason": code}), 422,
                     "unknown_reason")["detail"]  # fmt: skip
    assert f"{code} (" not in detail
    assert [one for one in WhyChanged if f"{one} (" in detail] == list(LISTS[what])
    assert len(await said(town.store.pool)) == 1


def test_nothing_is_resumed_for_what_suspends_and_each_reason_is_one_of_some_change():
    assert set(TO_SUSPEND) & set(TO_RESUME) == {"asked_by_parent", "mistake", "other"}
    assert not {"returned", "papers_corrected"} & {*TO_SUSPEND, *TO_ANNUL}
    assert {*TO_SUSPEND, *TO_RESUME, *TO_ANNUL} == set(WhyChanged)


def test_the_readme_tells_the_reasons_of_each_change():
    text = (ROOT / "services/certificates/README.md").read_text(encoding="utf-8")
    table = text.partition("## Reasons of a change")[2].partition("\n## ")[0]
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines()
            if line.startswith("| `")]  # fmt: skip
    told = [[row[0] for row in rows if row[n]] for n in (2, 3, 4)]
    assert told == [list(codes) for codes in LISTS.values()]
    assert {row[0] for row in rows if row[5]} == set(TO_ANNUL_BY_FAMILY)
    assert {row[0]: row[1] for row in rows} == {code: in_words(code) for code in WhyChanged}


@pytest.mark.parametrize("what", LISTS)
def test_openapi_shows_the_reasons_of_each_change(what):
    schemas = openapi("certificates", api.router)["components"]["schemas"]
    assert schemas[what.capitalize()]["properties"]["reason"]["enum"] == list(LISTS[what])


async def test_a_family_has_a_shorter_list_of_reasons(client, town, number):
    for code in set(WhyChanged) - set(TO_ANNUL_BY_FAMILY):
        answer = await change(client, number, "annulment", PARENT, {"reason": code})
        refused = problem(answer, 422, "unknown_reason")
        assert code not in refused["detail"]
        assert all(code in refused["detail"] for code in TO_ANNUL_BY_FAMILY)
    body = {"reason": "not_needed"}
    assert (await change(client, number, "annulment", PARENT, body)).status_code == 200
    assert (await said(town.store.pool))[-1].event["reason"] == "not_needed"


async def test_another_reason_needs_a_comment_which_stays_inside(client, town, number):
    for comment in ("", " "):
        body = {"reason": "other", "comment": comment}
        problem(await change(client, number, "annulment", body=body), 422, "comment_needed")
    body["comment"] = "Семья передумала"
    assert (await change(client, number, "annulment", body=body)).status_code == 200
    event = (await said(town.store.pool))[-1].event
    assert (event["reason"], "передумала" in str(event)) == ("other", False)
    told = {one["action"]: one["details"] for one in await deeds(client, number, PARENT)}
    assert told["annulled"] == "другая причина"


async def test_who_may_not_change_is_told_no_list_of_reasons(client, number):
    for what, who in (("suspension", PARENT), ("annulment", bearer("stranger", "parent"))):
        problem(await change(client, number, what, who, {"reason": "x"}), 404, "not_found")


def test_each_reason_has_its_words():
    for code in WhyChanged:
        assert in_words(code) != code
    assert in_words("of_another_system") == "of_another_system"


@pytest.mark.parametrize(
    ("what", "code"),
    [("suspension", "not_active"), ("resumption", "not_suspended")],
)
async def test_a_change_that_the_status_forbids_is_told_so_and_says_nothing(
    client, town, number, what, code
):
    problem(await change(client, number, what), 409, code)
    assert len(await said(town.store.pool)) == 1


@pytest.mark.parametrize("what", ["suspension", "resumption", "annulment"])
async def test_what_was_annulled_is_over(client, number, what):
    await change(client, number, "annulment")
    problem(await change(client, number, what), 409, "over")


async def test_a_parent_does_not_end_what_the_desk_has_activated(client, town, number):
    await active(client, number)
    problem(await change(client, number, "annulment", PARENT), 409, "only_pending_by_family")
    problem(await change(client, number, "suspension", PARENT), 404, "not_found")


async def test_a_parent_whose_link_has_ended_ends_nothing(client, town, number):
    ended = ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2)
    await town.consume([a_record(ended)])
    problem(await change(client, number, "annulment", PARENT), 404, "not_found")


async def test_after_an_annulment_a_new_one_is_asked_for_and_gets_a_new_number(
    client, town, number
):
    await change(client, number, "annulment")
    path = f"/children/{an_id('child')}/certificate-requests"
    assert (await client.post(path, headers=PARENT)).status_code == 202
    asked = (await said(town.store.pool))[-1].event
    await town.consume([a_record(CertificateRequested.model_validate(asked))])
    last = (await said(town.store.pool))[-1]
    assert (last.kind, last.event["version"]) == ("certificate.issued", 1)
    assert last.event["number"] != number
