"""A new password in one press: the new document is there, the old one is dead, never half."""

import asyncio
import hashlib
from datetime import timedelta
from io import BytesIO

import pypdf
import pytest
from chassis import clock
from contracts import Tombstone, topics
from contracts.events import ChildUnlinked, CredentialsRotated
from cryptography.exceptions import InvalidTag
from documents.credentials import open_values
from documents.decide import ROTATIONS_MAX, next_rotation_at

from tests.builders import NOW, a_record, a_user, an_id
from tests.documents.desk import a_family, issued
from tests.documents.test_api import OVER_14, PDF, UNDER_14
from tests.doors import bearer, problem, said

PRESS = PDF.replace("credentials.pdf", "credentials/rotation")
READY, ROTATED = "document.credentials.ready", "document.credentials.rotated"
PARENT = ("parent", "parent")


@pytest.fixture
async def family(desk):
    await desk.consume(*a_family(), *a_family("neighbour", "neighbours parent"), issued())
    return desk


async def press(client, who=PARENT, key: str | None = None, address: str = PRESS):
    headers = bearer(*who) | ({"Idempotency-Key": key} if key else {})
    return await client.post(address, headers=headers)


async def presses(desk) -> int:
    return await desk.pool.fetchval("SELECT count(*) FROM rotations")


def text_of(pdf: bytes) -> str:
    return pypdf.PdfReader(BytesIO(pdf)).pages[0].extract_text()


async def test_one_press_gives_a_new_password_a_new_document_and_an_event(client, family):
    before, old = await family.values(), await family.row()
    answer = await press(client)
    assert answer.status_code == 201
    after, new = await family.values(), await family.row()
    assert after.password != before.password
    assert (after.login, after.number) == (before.login, before.number)
    assert (new["version"], new["digest"].hex()) == (2, answer.json()["digest"])
    assert new["digest"] != old["digest"]
    ready, rotated = await said(family.pool)
    assert (ready.kind, rotated.kind) == (READY, ROTATED)
    assert rotated.event["version"] == ready.event["version"] + 1
    assert rotated.event["digest"] == new["digest"].hex()
    assert rotated.event["document_id"] == str(new["document_id"])
    CredentialsRotated.model_validate(rotated.event)


async def test_the_old_document_is_dead_at_once_and_the_new_one_is_given_out(client, family):
    old = (await client.get(PDF, headers=bearer(*PARENT))).content
    password = (await family.values()).password
    answer = await press(client)
    new = (await client.get(answer.json()["url"], headers=bearer(*PARENT))).content
    assert password in text_of(old)
    assert password not in text_of(new)
    assert (await family.values()).password in text_of(new)
    assert hashlib.sha256(new).hexdigest() == answer.json()["digest"]


async def test_the_old_values_cannot_be_opened_as_the_new_document(client, family):
    """The data key is new, and what it sealed is bound to the id of its document."""
    old = await family.row()
    await press(client)
    new, key = await family.row(), family.workshop.master_key
    assert new["document_id"] != old["document_id"]
    for sealed_values, sealed_key in (
        (old["sealed_values"], old["sealed_key"]),
        (old["sealed_values"], new["sealed_key"]),
        (new["sealed_values"], old["sealed_key"]),
    ):
        with pytest.raises(InvalidTag):
            open_values(key, new["document_id"], sealed_values, sealed_key)


async def test_the_new_page_has_the_name_and_the_day_of_the_press(client, family):
    await family.consume(a_user(version=2, last_name="Петров"))
    await press(client)
    values = await family.values()
    assert values.full_name == "Петров Игорь Иванович"
    assert values.issued_on >= issued().issued_at.date()


async def test_neither_a_new_document_nor_an_event_when_the_outbox_refuses(client, family):
    before = await family.row()
    await family.pool.execute("ALTER TABLE outbox ADD CHECK (topic IS NULL) NOT VALID")
    assert (await press(client)).status_code in {500, 503}
    assert await family.row() == before
    assert await presses(family) == 0
    assert [one.kind for one in await said(family.pool)] == [READY]


async def test_the_same_press_sent_again_changes_nothing_more(client, family):
    first, second = [await press(client, key="k1") for _ in "12"]
    assert first.json() == second.json()
    assert first.headers["location"] == second.headers["location"] == PDF
    assert (await family.row())["version"] == 2
    assert await presses(family) == 1


@pytest.mark.parametrize("keys", [("k1", "k1"), ("k1", "k2"), (None, None, None)])
async def test_presses_at_once_give_clean_rotations_only(client, family, keys):
    answers = await asyncio.gather(*(press(client, key=key) for key in keys))
    expected = len(set(keys)) if None not in keys else len(keys)
    assert {answer.status_code for answer in answers} == {201}
    assert sorted({answer.json()["version"] for answer in answers}) == [*range(2, 2 + expected)]
    kinds = [(one.kind, one.event["version"]) for one in await said(family.pool)]
    assert kinds == [(READY, 1), *((ROTATED, 2 + n) for n in range(expected))]
    row = await family.row()
    last = max(answers, key=lambda answer: answer.json()["version"])
    assert row["digest"].hex() == last.json()["digest"]
    assert (await family.values()).password in text_of(
        (await client.get(PDF, headers=bearer(*PARENT))).content
    )


async def test_a_key_of_another_certificates_press_is_refused(client, family):
    await family.consume(*a_family("brother")[::2], issued("brother", "780000000037"))
    other = PRESS.replace(str(an_id("certificate of child")), str(an_id("certificate of brother")))
    await press(client, key="k1")
    problem(await press(client, key="k1", address=other), 409, "idempotency_key_reused")
    at_once = [press(client, key="k2"), press(client, key="k2", address=other)]
    answers = await asyncio.gather(*at_once)
    assert sorted(answer.status_code for answer in answers) == [201, 409]


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("neighbours parent", "parent"),
        ("stranger", "parent"),
        ("clerk", "staff"),
        ("boss", "operator"),
        ("portal", "client"),
    ],
)
async def test_nobody_else_can_press(client, family, who, role):
    before = await family.row()
    problem(await press(client, (who, role)), 404, "not_found")
    assert await family.row() == before


async def test_a_parent_whose_link_ended_cannot_press(client, family):
    ended = ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2)
    await family.consume(ended)
    problem(await press(client), 404, "not_found")


@pytest.mark.parametrize(("born", "status"), [(OVER_14, 201), (UNDER_14, 404), (None, 404)])
async def test_a_student_presses_from_14_on(client, desk, born, status):
    await desk.consume(a_user(born=born), issued())
    assert (await press(client, ("child", "student"))).status_code == status


async def test_without_a_token_one_is_told_to_sign_in(client, family):
    problem(await client.post(PRESS), 401, "unauthorized")


async def test_a_document_that_is_being_built_is_not_rotated(client, desk):
    await desk.consume(*a_family()[1:], issued())
    await desk.end_patience()
    problem(await press(client), 409, "document_not_ready")
    assert await presses(desk) == 0


async def test_a_name_that_cannot_be_printed_leaves_the_old_document_alive(client, family):
    before = await family.row()
    await family.consume(a_user(version=2, last_name="\U00013000"))
    problem(await press(client), 409, "name_not_printable")
    assert await family.row() == before


async def test_an_erased_childs_document_is_not_rotated(client, family):
    tombstone = a_record(Tombstone(str(an_id("child"))), topic=topics.IDENTITY_USERS)
    await family.door.consume([tombstone])
    problem(await press(client), 404, "not_found")


async def test_the_sixth_press_of_a_day_is_told_when_to_come_again(client, family):
    for _ in range(ROTATIONS_MAX):
        assert (await press(client)).status_code == 201
    refused = await press(client)
    problem(refused, 429, "too_many_rotations")
    assert 0 < int(refused.headers["retry-after"]) <= 86_401
    assert (await family.row())["version"] == 1 + ROTATIONS_MAX
    await family.pool.execute("UPDATE rotations SET rotated_at = rotated_at - interval '1 day'")
    assert (await press(client)).status_code == 201


async def test_many_presses_at_once_never_pass_the_limit(client, family):
    answers = await asyncio.gather(*(press(client) for _ in range(ROTATIONS_MAX + 3)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * ROTATIONS_MAX + [429] * 3
    assert (await family.row())["version"] == 1 + ROTATIONS_MAX


def test_the_next_rotation_is_a_day_after_the_fifth_last_one():
    pressed = [NOW - timedelta(hours=hours) for hours in (30, 23, 20, 3, 2, 1)]
    assert next_rotation_at(pressed, NOW) == pressed[1] + timedelta(days=1)
    assert next_rotation_at(pressed[2:], NOW) is None
    assert next_rotation_at([], NOW) is None


async def test_the_password_is_in_no_column_and_no_event_after_a_rotation(client, family):
    old = (await family.values()).password
    await press(client)
    passwords = old, (await family.values()).password
    tables = await family.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert "rotations" in {row["tablename"] for row in tables}
    for table in (row["tablename"] for row in tables):
        for row in await family.pool.fetch(f'SELECT t::text AS line FROM "{table}" AS t'):
            for password in passwords:
                assert password not in row["line"]
                assert password.encode().hex() not in row["line"]


async def test_the_press_is_written_down_with_who_and_when(client, family):
    before = clock.now()
    await press(client)
    row = await family.pool.fetchrow("SELECT * FROM rotations")
    assert (row["user_id"], row["version"]) == (an_id("parent"), 2)
    assert before <= row["rotated_at"] <= clock.now()
