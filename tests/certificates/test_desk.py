"""The desk changes certificates: who may, when, and what is said, kept and journalled of it."""

from base64 import urlsafe_b64encode

import pytest
from certificates import api, desk_store
from certificates.reasons import (
    TO_ANNUL,
    TO_ANNUL_BY_FAMILY,
    TO_RESUME,
    TO_SUSPEND,
    WhyChanged,
    in_words,
)
from contracts import Tombstone, topics
from contracts.events import CertificateRequested, ChildUnlinked
from contracts.ids import verification_token
from contracts.values import Enrolment

from tests.builders import a_record, a_request, a_user, an_id
from tests.doors import bearer, problem, said
from tools.docs import openapi
from tools.samples import ROOT

CLERK, PARENT = bearer("clerk", "staff"), bearer("parent", "parent")
SCHOOLMASTER = bearer("schoolmaster", "staff")
IVANOV = {"name": "иванов", "birth_date": "2016-05-01"}
CHECKED = {"checked_documents": ["Паспорт"], "consent": True}
LOOKING = {"reason": "проверка по жалобе семьи"}
WHY = {"reason": "mistake", "comment": "Выбран не тот ребёнок"}
LISTS = {"suspension": TO_SUSPEND, "resumption": TO_RESUME, "annulment": TO_ANNUL}


async def change(client, number, what, headers=CLERK, body=WHY):
    return await client.post(f"/certificates/{number}/{what}", headers=headers, json=body)


async def active(client, number):
    assert (await change(client, number, "activation", body=CHECKED)).status_code == 200


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


def of_the_centre(name="child", **changes):
    """A child who is enrolled where the clerk works."""
    user = a_user(name, **changes)
    enrolled = Enrolment(organization_id="centre", kind="additional_education", name="Центр")
    person = user.person.model_copy(update={"enrolments": (enrolled,)})
    return user.model_copy(update={"person": person})


async def search(client, headers=CLERK, **query):
    return await client.get("/certificates", params=query, headers=headers)


async def test_a_child_of_another_organization_is_found_by_name_only_with_a_reason(client, number):
    without = (await search(client, **IVANOV)).json()
    assert (without["items"], without["outside"]) == ([], 1)
    found = (await search(client, **IVANOV, reason="родитель на приёме")).json()
    assert [item["number"] for item in found["items"]] == [number]


@pytest.mark.parametrize("one", ["name", "birth_date"])
async def test_a_reason_opens_one_child_and_not_a_region(client, number, one):
    """Name and birth date together; of how many others there are less tells nothing, too."""
    some = {one: IVANOV[one]}
    refused = await search(client, **some, reason="родитель на приёме")
    problem(refused, 422, "name_and_birth_date_needed")
    without = (await search(client, **some)).json()
    assert (without["items"], without["outside"]) == ([], 0)


@pytest.mark.parametrize("name", ["", " ", "  ", "и", "и ", "и горь", "%%", "1234"])
async def test_blanks_and_single_letters_are_no_surname(client, number, name):
    why = {"birth_date": "2016-05-01", "reason": "родитель на приёме"}
    problem(await search(client, name=name, **why), 422, "name_too_short")


@pytest.mark.parametrize("reason", ["", "abc", "  сверка  ", ". . . . . . . ."])
async def test_a_reason_has_ten_letters_at_least(client, number, reason):
    problem(await search(client, **IVANOV, reason=reason), 422, "invalid_request")


@pytest.mark.parametrize(
    "name",
    ["Ершов", "  ЁРШОВ  ", "ершов игорь", "Ёршов  Игорь", "Ершов\u00a0Игорь", "Ершов Иг", "ер"],
)
async def test_a_name_is_found_however_blanks_capitals_and_yo_are_typed(client, town, name):
    await town.consume([a_record(a_user("pupil", last_name="Ёршов"))])
    await issue_to(town, ["pupil"])
    why = {"birth_date": "2011-05-01", "reason": "родитель на приёме"}
    assert len((await search(client, name=name, **why)).json()["items"]) == 1
    assert (await search(client, name=f"{name} Пётр", **why)).json()["items"] == []


async def test_the_search_by_name_is_served_by_its_index(town):
    known = ("иванов%", None, None, "centre", True, None, None, 50)
    async with town.store.transaction() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        plan = await tx.fetch(f"EXPLAIN {desk_store.SQL['find_people']}", *known)
    assert "people_by_plain_name" in str(plan)


@pytest.mark.parametrize("born", ["0", "1462060800", "2016-05-01T00:00:00", "01.05.2016"])
async def test_a_birth_date_that_is_written_otherwise_is_told_and_not_guessed(client, number, born):
    """Numbers would else be read as seconds since 1970: a wrong day instead of an error."""
    problem(await search(client, birth_date=born), 422, "invalid_request")


async def test_a_child_is_found_by_birth_date_and_status(client, town, number):
    """Whether of the own organization, by either, or of another, by both."""
    await town.consume([a_record(of_the_centre(version=2))])
    for query in ({"birth_date": "2016-05-01"}, {"name": "Иванов", "status": "pending_activation"}):
        assert len((await search(client, **query)).json()["items"]) == 1
    await town.consume([a_record(a_user(version=3))])
    why = {"name": "Иванов", "reason": "родитель на приёме"}
    assert len((await search(client, birth_date="2016-05-01", **why)).json()["items"]) == 1
    for query in ({"birth_date": "2016-05-02"}, IVANOV | {"status": "active"}):
        assert (await search(client, **(why | query))).json()["items"] == []


async def test_marks_of_a_search_pattern_are_letters_like_others(client, number):
    why = {"birth_date": "2016-05-01", "reason": "родитель на приёме"}
    for name in ("%ва", "ив_нов", "иванов\\"):
        assert (await search(client, name=name, **why)).json()["items"] == []


async def test_a_search_for_nobody_is_told_so(client):
    problem(await search(client), 422, "nothing_to_search")


async def test_pages_follow_one_another_without_a_gap_or_a_repetition(client, town, number):
    children = [f"pupil {n}" for n in range(5)]
    await town.consume([a_record(of_the_centre(name)) for name in children])
    await town.consume([a_record(of_the_centre(version=2))])
    await issue_to(town, children)
    seen, after = [], {}
    while True:
        page = (await search(client, name="иванов", limit=2, **after)).json()
        seen += [item["number"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(seen) == len(set(seen)) == 6
    nobodys = [f'["\\ud800", "{an_id("x")}"]', "[" * 1400, "{}", "1"]
    for bookmark in ("нет такой", *(urlsafe_b64encode(one.encode()) for one in nobodys)):
        problem(await search(client, name="иванов", after=bookmark), 422, "bad_page")


async def issue_to(town, names):
    asked = [a_request(name, name, role="student", name=name) for name in names]
    rows = "UPDATE people SET birth_date = '2011-05-01' WHERE user_id = ANY($1)"
    await town.store.pool.execute(rows, [an_id(name) for name in names])
    await town.consume([a_record(one) for one in asked])


async def test_whoever_the_desk_finds_is_journalled_with_the_reason(client, town, number):
    await search(client, **IVANOV, reason="родитель на приёме")
    await search(client, number=number)
    rows = await town.store.pool.fetch(
        "SELECT * FROM journal WHERE action = 'found_by_desk' ORDER BY id"
    )
    assert [row["details"] for row in rows] == ["родитель на приёме", "номер предъявлен"]
    assert {row["subject"] for row in rows} == {an_id("child")}
    assert {(row["actor_id"], row["organization"]) for row in rows} == {(an_id("clerk"), "centre")}


async def test_a_certificate_is_found_by_the_qr_that_is_presented(client, town, number):
    """By what a scanner reads, and by the token alone; the verification page knows the same one."""
    certificate_id = await town.store.pool.fetchval("SELECT certificate_id FROM certificates")
    token = verification_token(certificate_id)
    assert (await client.get(f"/verify/{token}")).status_code == 200
    for typed in (token, f" {token}/", f"https://certificates.example/verify/{token}"):
        found = (await search(client, token=typed)).json()["items"]
        assert [(one["number"], one["child"]["id"]) for one in found] == [
            (number, str(an_id("child")))
        ]
    row = await town.store.pool.fetchrow("SELECT * FROM journal WHERE action = 'found_by_desk'")
    assert (row["details"], row["subject"]) == ("QR-код предъявлен", an_id("child"))
    unknown = verification_token(an_id("nothing"))
    assert (await search(client, token=unknown)).json()["items"] == []


@pytest.mark.parametrize("token", ["", "/", "x", "780000000011", "https://example.org/verify/"])
async def test_another_qr_is_told_not_to_be_a_certificates(client, number, token):
    problem(await search(client, token=token), 422, "invalid_token")


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


async def test_whoever_finds_a_child_again_within_ten_minutes_has_looked_once(client, town, number):
    for _ in range(3):
        await search(client, number=number)
    actions = [one["action"] for one in await deeds(client, number)]
    assert actions.count("found_by_desk") == 1


@pytest.mark.parametrize(
    "place", ["x", '["2026-11-24T09:00:00", 1]', '["2026-11-24T09:00:00Z", -1]', "[]", "7",
              f'["2026-11-24T09:00:00Z", {2**63}]', '["9999-12-31T23:59:59Z", 1]'],
)  # fmt: skip
async def test_a_page_of_a_history_that_is_none_is_told_so(client, number, place):
    after = {"after": urlsafe_b64encode(place.encode()).decode()}
    answer = await client.get(f"/certificates/{number}/history", headers=PARENT, params=after)
    problem(answer, 422, "bad_page")


async def deeds(client, number, headers=CLERK) -> list[dict]:
    answer = await client.get(f"/certificates/{number}/history", headers=headers, params=LOOKING)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


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
