"""Consent is a record of its own: given to a text, withdrawn, and needed before a request."""

from certificates import consent

from tests.builders import an_id
from tests.doors import bearer, problem, said

PARENT, CHILD = bearer("neighbours parent", "parent"), an_id("neighbour")
ASK = f"/children/{CHILD}/certificate-requests"
GIVE = f"/children/{CHILD}/consents"
TEXT = {"text_version": consent.VERSION}


async def test_a_parent_who_did_not_agree_is_shown_the_text_and_nothing_is_asked(client, town):
    shown = problem(await client.post(ASK, headers=PARENT), 409, "consent_needed")
    assert (shown["text_version"], shown["text"]) == (consent.VERSION, consent.TEXT)
    assert await said(town.store.pool) == []


async def test_a_parent_who_agreed_asks(client):
    given = await client.post(GIVE, headers=PARENT, json=TEXT)
    assert (given.status_code, given.json()["text_version"]) == (201, consent.VERSION)
    assert (await client.post(ASK, headers=PARENT)).status_code == 202


async def test_agreeing_twice_is_one_consent(client, town):
    first, second = [await client.post(GIVE, headers=PARENT, json=TEXT) for _ in range(2)]
    assert first.json() == second.json()
    assert await town.store.pool.fetchval(
        "SELECT count(*) FROM consents WHERE child_id = $1", CHILD
    ) == 1  # fmt: skip


async def test_agreeing_to_another_text_shows_the_one_in_force(client):
    answer = await client.post(GIVE, headers=PARENT, json={"text_version": "2020-01"})
    assert problem(answer, 409, "consent_text_changed")["text"] == consent.TEXT
    stranger = bearer("parent", "parent")
    answer = await client.post(GIVE, headers=stranger, json={"text_version": "2020-01"})
    problem(answer, 404, "not_found")


async def test_a_withdrawn_consent_closes_the_button_and_its_record_stays(client, town):
    await client.post(GIVE, headers=PARENT, json=TEXT)
    await client.post(f"{GIVE}/withdrawal", headers=PARENT)
    problem(await client.post(ASK, headers=PARENT), 409, "consent_needed")
    row = await town.store.pool.fetchrow("SELECT * FROM consents WHERE child_id = $1", CHILD)
    assert row["given_at"] <= row["withdrawn_at"]
    actions = await town.store.pool.fetch(
        "SELECT action FROM journal WHERE subject = $1 ORDER BY id", CHILD
    )
    assert [row["action"] for row in actions] == ["consented", "consent_withdrawn"]


async def test_staff_where_the_child_is_enrolled_ask_on_the_childs_behalf(client, town):
    """Their consent is on paper: the desk checks it at the activation."""
    asked = await client.post(ASK, headers=bearer("schoolmaster", "staff"))
    assert asked.status_code == 202
    (event,) = [one.event for one in await said(town.store.pool)]
    assert event["requester"]["role"] == "staff"
    problem(await client.post(ASK, headers=bearer("teacher", "staff")), 404, "not_found")
