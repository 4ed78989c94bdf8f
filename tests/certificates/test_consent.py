"""Consent is a record of its own: given to a text, withdrawn, and needed before a request."""

import asyncio
import json

import pytest
from certificates import api, consent, consent_store, retold, store
from certificates.api.common import Doors
from certificates.settings import Settings
from chassis import clock
from contracts import encode
from contracts.events import CertificateRequested

from tests.builders import AGREED, a_record, a_request, an_id
from tests.doors import WAITING, a_client, bearer, problem, said
from tests.waiting import eventually

PARENT, CHILD = bearer("neighbours parent", "parent"), an_id("neighbour")
ASK = f"/children/{CHILD}/certificate-requests"
GIVE = f"/children/{CHILD}/consents"
TEXT = {"text_version": AGREED.version}


async def test_a_parent_who_did_not_agree_is_shown_the_text_and_nothing_is_asked(client, town):
    shown = problem(await client.post(ASK, headers=PARENT), 409, "consent_needed")
    assert (shown["text_version"], shown["text"]) == (AGREED.version, AGREED.text)
    assert await said(town.store.pool) == []


async def test_a_parent_who_agreed_asks(client):
    given = await client.post(GIVE, headers=PARENT, json=TEXT)
    assert (given.status_code, given.json()["text_version"]) == (201, AGREED.version)
    assert (await client.post(ASK, headers=PARENT)).status_code == 202


async def test_agreeing_twice_is_one_consent(client, town):
    first, second = [await client.post(GIVE, headers=PARENT, json=TEXT) for _ in range(2)]
    assert first.json() == second.json()
    assert await town.store.pool.fetchval(
        "SELECT count(*) FROM consents WHERE child_id = $1", CHILD
    ) == 1  # fmt: skip


async def test_a_late_retry_does_not_agree_anew_after_the_withdrawal(client, town):
    """The same key is the same press, whenever it arrives; a new key is a new one."""
    once = PARENT | {"Idempotency-Key": "one"}
    assert (await client.post(GIVE, headers=once, json=TEXT)).json()["given_at"]
    await client.post(f"{GIVE}/withdrawal", headers=PARENT)
    late = await client.post(GIVE, headers=once, json=TEXT)
    assert (late.status_code, late.json()["given_at"]) == (201, None)
    problem(await client.post(ASK, headers=PARENT), 409, "consent_needed")
    again = PARENT | {"Idempotency-Key": "two"}
    assert (await client.post(GIVE, headers=again, json=TEXT)).json()["given_at"]
    assert (await client.post(ASK, headers=PARENT)).status_code == 202


async def test_presses_at_once_with_one_key_are_one_consent(client, town):
    once = PARENT | {"Idempotency-Key": "one"}
    presses = (client.post(GIVE, headers=once, json=TEXT) for _ in range(5))
    answers = await asyncio.gather(*presses)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["given_at"] for answer in answers}) == 1
    actions = await town.store.pool.fetch("SELECT action FROM journal WHERE subject = $1", CHILD)
    assert [row["action"] for row in actions] == ["consented"]


async def test_a_key_used_again_for_another_child_is_a_conflict(client, town):
    """Nothing is agreed to for the other one."""
    once = bearer("parent", "parent") | {"Idempotency-Key": "one"}
    for child in ("child", "sister"):
        await client.post(f"/children/{an_id(child)}/consents/withdrawal", headers=once)
    await client.post(f"/children/{an_id('child')}/consents", headers=once, json=TEXT)
    other = f"/children/{an_id('sister')}"
    answer = await client.post(f"{other}/consents", headers=once, json=TEXT)
    problem(answer, 409, "idempotency_key_reused")
    assert (await client.get(f"{other}/consent", headers=once)).json()["given_at"] is None


async def test_agreeing_to_another_text_shows_the_one_in_force(client):
    answer = await client.post(GIVE, headers=PARENT, json={"text_version": "2020-01"})
    assert problem(answer, 409, "consent_text_changed")["text"] == AGREED.text
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


async def test_what_was_asked_for_before_the_withdrawal_is_refused_and_the_page_tells_it(
    client, town
):
    """Though its event comes afterwards. Another person's request is decided as before."""
    await client.post(GIVE, headers=PARENT, json=TEXT)
    await client.post(ASK, headers=bearer("schoolmaster", "staff"))
    asked = await client.post(ASK, headers=PARENT)
    assert asked.status_code == 202
    await client.post(f"{GIVE}/withdrawal", headers=PARENT)
    await hear_of_the_presses(town)
    mine = (await client.get(asked.headers["Location"], headers=PARENT)).json()
    assert (mine["status"], mine["certificate_id"]) == ("refused", None)
    assert [reason["code"] for reason in mine["reasons"]] == ["consent_withdrawn"]
    answers = [one for one in await said(town.store.pool) if one.topic == "certificates.v1"]
    assert [one.kind for one in answers] == ["certificate.refused", "certificate.issued"]
    assert (answers[0].event["request_id"], answers[0].event["codes"]) == (
        asked.json()["request_id"], ["consent_withdrawn"],
    )  # fmt: skip
    rows = await town.store.pool.fetch("SELECT requester_role, status FROM certificate_requests")
    assert {tuple(row) for row in rows} == {("staff", "issued"), ("parent", "refused")}


async def test_the_page_tells_that_a_withdrawal_refused_the_request_and_one_may_ask_anew(
    client, town
):
    await client.post(GIVE, headers=PARENT, json=TEXT)
    await client.post(ASK, headers=PARENT)
    await client.post(f"{GIVE}/withdrawal", headers=PARENT)
    page = (await client.get(f"/children/{CHILD}/certificate", headers=PARENT)).json()
    assert [reason["code"] for reason in page["request"]["reasons"]] == ["consent_withdrawn"]
    assert (page["eligibility"]["allowed"], page["consent_needed"]) == (True, True)
    await client.post(GIVE, headers=PARENT, json=TEXT)
    assert (await client.post(ASK, headers=PARENT)).status_code == 202
    await hear_of_the_presses(town)
    page = (await client.get(f"/children/{CHILD}/certificate", headers=PARENT)).json()
    assert page["certificate"]["status"] == "pending_activation"


async def test_a_withdrawal_after_the_decision_refuses_nothing(client, town):
    await client.post(GIVE, headers=PARENT, json=TEXT)
    await client.post(ASK, headers=PARENT)
    await hear_of_the_presses(town)
    await client.post(f"{GIVE}/withdrawal", headers=PARENT)
    kinds = [one.kind for one in await said(town.store.pool)]
    assert kinds == ["certificate.requested", "certificate.issued"]


async def test_a_refusal_by_a_withdrawal_is_told_again_with_the_same_id(client, town):
    await client.post(GIVE, headers=PARENT, json=TEXT)
    await client.post(ASK, headers=PARENT)
    await client.post(f"{GIVE}/withdrawal", headers=PARENT)
    again = retold.refused(await town.store.pool.fetchrow("SELECT * FROM certificate_requests"))
    row = await town.store.pool.fetchrow("SELECT * FROM outbox ORDER BY id DESC LIMIT 1")
    assert json.loads(row["headers"])["ce_id"] == str(again.id)
    assert row["value"] == encode(again).value


async def test_a_press_at_the_moment_of_the_withdrawal_is_not_left_waiting(client, town):
    """It comes before, and is refused, or after, and is asked for consent."""
    await client.post(GIVE, headers=PARENT, json=TEXT)
    async with town.store.transaction() as tx:
        await store.lock_children(tx, [CHILD])
        await consent_store.withdraw_consent(tx, CHILD, an_id("neighbours parent"), clock.now())
        press = asyncio.ensure_future(client.post(ASK, headers=PARENT))
        await eventually(lambda: press.done() or town.store.pool.fetchval(WAITING))
    problem(await press, 409, "consent_needed")
    assert await town.store.pool.fetch("SELECT * FROM certificate_requests") == []


async def hear_of_the_presses(town) -> None:
    """What the HTTP door said comes back as events."""
    for one in await said(town.store.pool):
        if one.kind == "certificate.requested":
            await town.consume([a_record(CertificateRequested.model_validate(one.event))])


async def test_for_a_request_from_sgo_sgo_has_asked_for_the_consent(client, town):
    """Whoever writes it vouches (ADR 23); the button here stays closed without one of our own."""
    problem(await client.post(ASK, headers=PARENT), 409, "consent_needed")
    asked = a_request("neighbour", "neighbours parent")
    await town.consume([a_record(asked)])
    assert [one.kind for one in await said(town.store.pool)] == ["certificate.issued"]


async def test_staff_where_the_child_is_enrolled_ask_on_the_childs_behalf(client, town):
    """Their consent is on paper: the desk checks it at the activation."""
    asked = await client.post(ASK, headers=bearer("schoolmaster", "staff"))
    assert asked.status_code == 202
    (event,) = [one.event for one in await said(town.store.pool)]
    assert event["requester"]["role"] == "staff"
    problem(await client.post(ASK, headers=bearer("teacher", "staff")), 404, "not_found")


NAME, ADDRESS, PROCESSOR = "Департамент", "г. Пример, пл. Мира, 2", "ООО «Хранение», г. Пример"


@pytest.mark.parametrize(
    "part",
    [
        *(NAME, ADDRESS, PROCESSOR),
        *("Свободно, своей волей", "Зачем: ", "Какие данные. ", "Что с ними можно делать: "),
        *("Срок: ", "Как отозвать: ", "30 дней"),
    ],
)
def test_the_text_says_what_article_9_wants(part):
    assert part in consent.text_of(NAME, ADDRESS, PROCESSOR).text


def test_where_nobody_works_on_the_operators_behalf_nobody_is_named():
    assert "По поручению" not in consent.text_of(NAME, ADDRESS, None).text


def test_another_text_has_another_version():
    texts = [
        consent.text_of(NAME, ADDRESS, None),
        consent.text_of(NAME, ADDRESS, PROCESSOR),
        consent.text_of(NAME, "другой адрес", None),
    ]
    assert len({text.version for text in texts}) == len({text.text for text in texts}) == 3
    assert consent.text_of(NAME, ADDRESS, None) == texts[0]


async def test_the_text_that_was_agreed_to_stays_readable_and_the_new_one_takes_its_place(
    client, town, settings_for
):
    first = (await client.post(GIVE, headers=PARENT, json=TEXT)).json()
    settings, new = settings_for(Settings), consent.text_of(NAME, ADDRESS, None)
    doors = Doors(settings.region(), new)
    async with a_client(town.store, settings, api.router, doors) as later:
        shown = (await later.get(GIVE[:-1], headers=PARENT)).json()
        assert (shown["text_version"], shown["text"]) == tuple(new)
        assert (shown["given_text_version"], shown["given_text"]) == tuple(AGREED)
        assert shown["given_at"] == first["given_at"]
        assert (await later.post(ASK, headers=PARENT)).status_code == 202  # what was given stands
        again = await later.post(GIVE, headers=PARENT, json={"text_version": new.version})
        assert (again.json()["given_text_version"], again.json()["given_text"]) == tuple(new)
    rows = await town.store.pool.fetch(
        "SELECT text_version, withdrawn_at IS NULL AS stands FROM consents"
        " WHERE child_id = $1 ORDER BY given_at", CHILD,
    )  # fmt: skip
    assert [tuple(row) for row in rows] == [(AGREED.version, False), (new.version, True)]


async def test_the_text_of_the_first_release_is_readable_too(town):
    text = await town.store.pool.fetchval(
        "SELECT text FROM consent_texts WHERE text_version = '2026-11'"
    )
    assert text.startswith("Я согласен (согласна) на обработку персональных данных ребёнка")


async def test_the_page_says_whether_a_parent_must_agree_first(client):
    page = f"/children/{CHILD}/certificate"

    async def needed(headers=PARENT):
        return (await client.get(page, headers=headers)).json()["consent_needed"]

    assert await needed()
    await client.post(GIVE, headers=PARENT, json=TEXT)
    assert not await needed()
    await client.post(f"{GIVE}/withdrawal", headers=PARENT)
    assert await needed()
    assert not await needed(bearer("neighbour", "student"))
