"""The desk finds whom it has before it, by name, birth date or QR, and says why it looks."""

from base64 import urlsafe_b64encode

import pytest
from certificates import desk_store
from contracts.ids import verification_token
from contracts.values import Enrolment

from tests.builders import a_record, a_request, a_user, an_id
from tests.certificates.desk import IVANOV, deeds, search
from tests.doors import problem


def of_the_centre(name="child", **changes):
    """A child who is enrolled where the clerk works."""
    user = a_user(name, **changes)
    enrolled = Enrolment(organization_id="centre", kind="additional_education", name="Центр")
    person = user.person.model_copy(update={"enrolments": (enrolled,)})
    return user.model_copy(update={"person": person})


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


async def test_whoever_finds_a_child_again_within_ten_minutes_has_looked_once(client, town, number):
    for _ in range(3):
        await search(client, number=number)
    actions = [one["action"] for one in await deeds(client, number)]
    assert actions.count("found_by_desk") == 1
