"""The doors for events: a document *and* its outbox row, or neither, on a real PostgreSQL."""

import asyncio
import hashlib

import pytest
from contracts import Tombstone, topics
from contracts.events import ChildUnlinked
from cryptography.exceptions import InvalidTag
from documents import retry
from documents.credentials import open_values
from documents.credentials_page import render

from tests.builders import a_later_record, a_later_user, a_record, a_user, an_id
from tests.documents.desk import PORTAL, a_family, issued
from tests.doors import said

READY, FAILED = "document.credentials.ready", "document.failed"


async def count(desk, table: str) -> int:
    return await desk.pool.fetchval(f"SELECT count(*) FROM {table}")


async def test_an_issued_certificate_becomes_a_ready_document_and_an_event(desk):
    await desk.consume(a_user(), issued())
    row = await desk.row()
    assert (row["state"], row["version"]) == ("ready", 1)
    (one,) = await said(desk.pool)
    assert (one.topic, one.key, one.kind) == (topics.DOCUMENTS.name, str(an_id("child")), READY)
    assert one.event["document_id"] == str(row["document_id"])
    assert one.event["version"] == 1


async def test_the_digest_is_that_of_the_document_rendered_again(desk):
    await desk.consume(a_user(), issued())
    row, values = await desk.row(), await desk.values()
    again = hashlib.sha256(render.render(row["template_version"], values)).digest()
    (one,) = await said(desk.pool)
    assert row["digest"] == again
    assert one.event["digest"] == again.hex()


async def test_the_document_says_what_the_certificate_and_the_child_are(desk):
    await desk.consume(a_user(), issued())
    values = await desk.values()
    assert (values.number, values.full_name) == ("780000000011", "Иванов Игорь Иванович")
    assert (values.login, values.portal_url) == ("do780000000011", PORTAL)
    assert (values.valid_from, values.valid_until) == (issued().valid_from, issued().valid_until)


async def test_neither_a_document_nor_an_event_when_the_outbox_refuses(desk):
    await desk.pool.execute("ALTER TABLE outbox ADD CHECK (key IS NULL)")
    await desk.consume(a_user(), issued())
    assert (await count(desk, "credentials"), await count(desk, "outbox")) == (0, 0)
    assert await count(desk, "quarantine") == 1


async def test_the_same_certificate_again_changes_nothing(desk):
    record = a_record(issued())
    await desk.consume(a_user())
    await desk.door.consume([record])
    before = await desk.row()
    await desk.door.consume([record])
    await desk.consume(issued())
    assert await desk.row() == before
    assert len(await said(desk.pool)) == 1


async def test_many_replicas_at_once_build_one_document(desk):
    await desk.consume(a_user())
    await asyncio.gather(*(desk.consume(issued()) for _ in range(8)))
    assert [one.kind for one in await said(desk.pool)] == [READY]


async def test_a_hundred_certificates_of_one_batch_have_a_password_each(desk):
    children = [f"child {n}" for n in range(100)]
    await desk.consume(*(a_user(child) for child in children))
    await desk.consume(*(issued(child, f"78{n:010}") for n, child in enumerate(children)))
    passwords = {(await desk.values(child)).password for child in children}
    assert len(passwords) == 100


async def test_a_certificate_before_its_child_waits_and_is_ready_when_the_child_arrives(desk):
    await desk.consume(issued())
    assert (await count(desk, "parked"), await said(desk.pool)) == (1, [])
    await desk.consume(a_user())
    await desk.try_parked()
    assert await count(desk, "parked") == 0
    assert [one.kind for one in await said(desk.pool)] == [READY]


async def test_a_child_who_comes_too_late_still_gets_the_document(desk):
    await desk.consume(issued())
    await desk.end_patience()
    (failed,) = await said(desk.pool)
    assert (failed.kind, failed.event["reason"]) == (FAILED, "child_unknown")
    assert failed.event["retry_at"] > failed.event["failed_at"]
    await desk.consume(a_user())
    assert await retry.try_due(desk.door.store, desk.workshop) == 1
    first, second = await said(desk.pool)
    assert (second.kind, first.event["version"], second.event["version"]) == (READY, 1, 2)
    assert (await desk.row())["state"] == "ready"


async def test_the_password_is_in_no_column_and_no_event(desk):
    await desk.consume(*a_family(), issued())
    password = (await desk.values()).password
    tables = await desk.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {"credentials", "outbox"} <= {row["tablename"] for row in tables}
    for table in (row["tablename"] for row in tables):
        for row in await desk.pool.fetch(f'SELECT t::text AS line FROM "{table}" AS t'):
            assert password not in row["line"]
            assert password.encode().hex() not in row["line"]


async def test_the_values_are_in_no_column_in_plain(desk):
    await desk.consume(a_user(), issued())
    row = await desk.row()
    for part in ("Иванов", "do780000000011", "password"):
        assert part.encode() not in row["sealed_values"]


async def test_values_of_one_document_cannot_be_opened_as_anothers(desk):
    await desk.consume(a_user("one"), a_user("two"))
    await desk.consume(issued("one", "780000000011"), issued("two", "780000000029"))
    one, two = await desk.row("one"), await desk.row("two")
    key = desk.workshop.master_key
    for values, sealed_key, document in (
        (one["sealed_values"], one["sealed_key"], two["document_id"]),
        (one["sealed_values"], two["sealed_key"], one["document_id"]),
        (one["sealed_values"], two["sealed_key"], two["document_id"]),
    ):
        with pytest.raises(InvalidTag):
            open_values(key, document, values, sealed_key)


async def test_an_erased_childs_data_key_is_destroyed_and_the_name_with_it(desk):
    await desk.consume(a_user("child"), a_user("other"))
    await desk.consume(issued("child"), issued("other", "780000000029"))
    tombstone = Tombstone(str(an_id("child")))
    await desk.door.consume([a_record(tombstone, topic=topics.IDENTITY_USERS)])
    row = await desk.row("child")
    assert (row["state"], row["sealed_key"], row["sealed_values"]) == ("erased", None, None)
    assert (await desk.row("other"))["state"] == "ready"
    names = await desk.pool.fetch("SELECT full_name FROM people WHERE erased")
    assert [row["full_name"] for row in names] == [None]


async def test_a_tombstone_whose_key_is_no_user_is_quarantined(desk):
    await desk.door.consume([a_record(Tombstone("child"), topic=topics.IDENTITY_USERS)])
    assert await count(desk, "quarantine") == 1


async def test_a_late_name_and_a_late_link_change_nothing(desk):
    ended = ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2)
    await desk.consume(a_user(version=2), ended)
    await desk.consume(a_user(version=1, born=None), *a_family()[2:])
    person = await desk.pool.fetchrow("SELECT * FROM people")
    assert (person["version"], person["birth_date"]) == (2, a_user().person.birth_date)
    assert await desk.pool.fetchval("SELECT linked FROM child_links") is False


async def test_values_that_only_a_later_release_knows_stop_no_document(desk):
    await desk.door.consume([a_later_user(), a_later_record(issued(), status="archived")])
    assert await count(desk, "quarantine") == 0
    assert [one.kind for one in await said(desk.pool)] == [READY]
