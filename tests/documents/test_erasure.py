"""Erasing a child leaves no document behind, in whatever order things happen."""

import asyncio
from dataclasses import replace

import pytest
from chassis.records import read
from contracts import Tombstone, topics
from documents import retry

from tests.builders import a_record, a_user, an_id
from tests.documents.desk import a_family, issued
from tests.doors import WAITING, bearer, problem
from tests.doors import said as said_at_all


def erased(child: str = "child"):
    return a_record(Tombstone(str(an_id(child))), topic=topics.IDENTITY_USERS)


async def said(pool):
    """What is said of documents; that a person was erased is said besides."""
    return [one for one in await said_at_all(pool) if one.topic == topics.DOCUMENTS.name]


async def parked(desk) -> int:
    return await desk.pool.fetchval("SELECT count(*) FROM parked")


async def is_over(desk) -> None:
    """The document is erased, nothing waits or is tried again, and nothing more is said."""
    before = await said(desk.pool)
    await desk.pool.execute("UPDATE credentials SET retry_at = now() WHERE state = 'failed'")
    await desk.end_patience()
    await retry.try_due(desk.door.store, desk.workshop)
    row = await desk.row()
    assert (row["state"], row["sealed_key"], row["retry_at"]) == ("erased", None, None)
    assert await parked(desk) == 0
    assert await said(desk.pool) == before


@pytest.mark.parametrize("known", [True, False])
async def test_a_certificate_of_an_erased_child_gets_no_document_and_no_retry(desk, known):
    if known:
        await desk.consume(a_user())
    await desk.door.consume([erased()])
    await desk.consume(issued())
    assert (await desk.row())["state"] == "erased"
    assert await parked(desk) == 0
    assert await said(desk.pool) == []
    await is_over(desk)


async def test_a_certificate_that_waits_for_its_child_ends_with_the_childs_erasure(desk):
    await desk.consume(issued())
    assert await parked(desk) == 1
    await desk.door.consume([erased()])
    await desk.try_parked()
    assert (await desk.row())["state"] == "erased"
    await is_over(desk)


async def test_a_document_that_failed_ends_with_the_childs_erasure(desk):
    await desk.consume(issued())
    await desk.end_patience()
    await desk.door.consume([erased()])
    await is_over(desk)


async def test_a_failed_document_saved_beside_the_erasure_ends_at_its_next_try(desk):
    """Of a child who was never known there is no row to lock: the two may pass each other."""
    await desk.consume(issued())
    await desk.pool.execute("UPDATE parked SET parked_at = now() - interval '31 s'")
    async with desk.pool.acquire() as tx, tx.transaction():
        await desk.door.effects(tx, [read(a_record(issued()))], last_call=True)
        await desk.pool.execute(
            "INSERT INTO people (user_id, version, erased) VALUES ($1, 2, true)", an_id("child")
        )
    assert (await desk.row())["state"] == "failed"
    await is_over(desk)


async def test_the_others_of_a_batch_get_their_documents(desk):
    await desk.consume(a_user("other"))
    await desk.door.consume([erased()])
    await desk.consume(issued(), issued("other", "780000000029"))
    states = [(await desk.row(child))["state"] for child in ("child", "other")]
    assert states == ["erased", "ready"]
    assert [one.key for one in await said(desk.pool)] == [str(an_id("other"))]


async def test_a_document_that_is_over_is_not_built_when_the_child_comes_back(desk):
    await desk.door.consume([erased()])
    await desk.consume(issued(), a_user(version=3))
    await is_over(desk)


async def test_a_child_erased_while_the_document_is_being_saved_leaves_none(desk):
    await desk.consume(a_user())
    async with desk.pool.acquire() as tx, tx.transaction():
        await desk.door.effects(tx, [read(a_record(issued()))], last_call=False)
        erasing = asyncio.create_task(desk.door.consume([erased()]))
        while not erasing.done() and not await desk.pool.fetchval(WAITING):
            pass
    await erasing
    row = await desk.row()
    assert (row["state"], row["sealed_key"], row["sealed_values"]) == ("erased", None, None)


async def confirmed(desk) -> list[dict]:
    kinds = [one for one in await said_at_all(desk.pool) if one.kind == "person.erased"]
    return [{**(one.event or {}), "key": one.key, "erased_at": None} for one in kinds]


async def test_what_was_destroyed_is_counted_and_said_once(desk):
    await desk.consume(a_user(), issued())
    tombstone = a_record(Tombstone(str(an_id("child")), 2), topic=topics.IDENTITY_USERS)
    await desk.door.consume([tombstone, tombstone])
    assert await confirmed(desk) == [
        {
            "service": "documents", "user_id": str(an_id("child")), "key": str(an_id("child")),
            "version": 2, "counts": {"person": 1, "data_keys": 1, "quarantine": 0},
            "erased_at": None,
        }
    ]  # fmt: skip


async def test_that_nothing_was_known_of_a_person_is_said_as_well(desk):
    await desk.door.consume([erased()])
    (one,) = await confirmed(desk)
    assert (one["version"], set(one["counts"].values())) == (0, {0})


async def test_a_record_about_the_person_goes_out_of_quarantine_and_others_stay(desk):
    broken = [replace(a_record(a_user(name)), value=b"{") for name in ("child", "other")]
    elsewhere = replace(a_record(issued()), value=b"{")
    await desk.door.consume([*broken, elsewhere])
    await desk.door.consume([erased()])
    left = await desk.pool.fetch("SELECT topic, record_offset FROM quarantine ORDER BY id")
    assert [row["record_offset"] for row in left] == [broken[1].offset, elsewhere.offset]
    assert (await confirmed(desk))[0]["counts"]["quarantine"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/certificates/{certificate}/documents", "/certificates/{certificate}/credentials.pdf",
        "/certificates/{certificate}/certificate.png",
        "/certificates/{certificate}/certificate.pdf", "/children/{child}/application.pdf",
    ],
)  # fmt: skip
async def test_an_erased_parent_with_a_living_token_is_given_no_document(desk, client, path):
    """A token lives for ten minutes more, and the link is not ended by an event of its own."""
    await desk.consume(*a_family(), issued())
    path = path.format(certificate=issued().certificate_id, child=an_id("child"))
    assert (await client.get(path, headers=bearer("parent", "parent"))).status_code == 200
    await desk.door.consume([erased("parent")])
    problem(await client.get(path, headers=bearer("parent", "parent")), 404, "not_found")
