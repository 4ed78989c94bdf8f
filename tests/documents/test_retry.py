"""A failed document is tried again, for ever, and never stays stuck."""

import asyncio
from datetime import timedelta

import pytest
from contracts import Tombstone, topics
from contracts.values import FullName
from documents import retry
from documents.decide import RETRY_S_MAX, RETRY_S_MIN, retry_at
from documents.door_store import SQL

from tests.builders import NOW, a_record, a_user, an_id
from tests.documents.desk import annulled, issued
from tests.doors import said

READY, FAILED = "document.credentials.ready", "document.failed"
UNPRINTABLE = "\U00013000"  # a hieroglyph: no font of ours has it


def named(last_name: str, version: int):
    user = a_user(version=version)
    name = FullName(last_name=last_name, first_name="Игорь")
    return user.model_copy(update={"person": user.person.model_copy(update={"name": name})})


async def fail(desk) -> None:
    """A document whose child never came."""
    await desk.consume(issued())
    await desk.end_patience()


async def now_due(desk) -> int:
    await desk.pool.execute("UPDATE credentials SET retry_at = now() WHERE state = 'failed'")
    return await retry.try_due(desk.door.store, desk.workshop)


async def story(desk) -> list[tuple[str, int]]:
    return [(one.kind, one.event["version"]) for one in await said(desk.pool)]


def test_pauses_double_from_seconds_to_an_hour_and_never_end():
    pauses = [(retry_at(n, NOW) - NOW).total_seconds() for n in range(1, 15)]
    assert pauses[:3] == [RETRY_S_MIN, 2 * RETRY_S_MIN, 4 * RETRY_S_MIN]
    assert pauses == sorted(pauses)
    assert pauses[-1] == RETRY_S_MAX
    assert retry_at(10**9, NOW) == NOW + timedelta(seconds=RETRY_S_MAX)


async def test_what_is_not_due_yet_is_left_alone(desk):
    await fail(desk)
    assert await retry.try_due(desk.door.store, desk.workshop) == 0
    assert await story(desk) == [(FAILED, 1)]


async def test_a_document_that_fails_again_says_so_and_waits_longer(desk):
    await fail(desk)
    await now_due(desk)
    await now_due(desk)
    assert await story(desk) == [(FAILED, 1), (FAILED, 2), (FAILED, 3)]
    assert [one.event["attempt"] for one in await said(desk.pool)] == [1, 2, 3]
    row = await desk.row()
    assert (row["state"], row["version"], row["attempts"]) == ("failed", 3, 3)


async def test_versions_stay_dense_until_the_child_arrives(desk):
    await fail(desk)
    await now_due(desk)
    await desk.consume(a_user())
    assert await retry.try_due(desk.door.store, desk.workshop) == 1
    assert await story(desk) == [(FAILED, 1), (FAILED, 2), (READY, 3)]
    row = await desk.row()
    assert (row["state"], row["version"], row["reason"]) == ("ready", 3, None)


async def test_a_retry_is_of_the_same_story_as_its_certificate(desk):
    await fail(desk)
    await now_due(desk)
    rows = await desk.pool.fetch("SELECT headers::json ->> 'ce_correlationid' AS c FROM outbox")
    assert [row["c"] for row in rows] == ["test", "test"]


async def test_a_ready_document_is_not_built_again(desk):
    await desk.consume(a_user(), issued())
    before = await desk.row()
    await desk.consume(a_user(version=2))
    assert await now_due(desk) == 0
    assert await desk.row() == before


@pytest.mark.parametrize("replicas", [2, 8])
async def test_many_replicas_at_once_build_it_once(desk, replicas):
    await fail(desk)
    await desk.consume(a_user())
    tries = (retry.try_due(desk.door.store, desk.workshop) for _ in range(replicas))
    await asyncio.gather(*tries)
    assert await story(desk) == [(FAILED, 1), (READY, 2)]


async def test_a_name_that_cannot_be_printed_fails_until_it_is_corrected(desk):
    await desk.consume(named(UNPRINTABLE, 1), issued())
    (one,) = await said(desk.pool)
    assert (one.kind, one.event["reason"]) == (FAILED, "name_not_printable")
    await desk.consume(named("Иванов", 2))
    assert await retry.try_due(desk.door.store, desk.workshop) == 1
    assert await story(desk) == [(FAILED, 1), (READY, 2)]
    assert (await desk.values()).full_name == "Иванов Игорь"


async def test_one_that_fails_does_not_spoil_another(desk):
    await desk.consume(named(UNPRINTABLE, 1), a_user("other"))
    await desk.consume(issued(), issued("other", "780000000029"))
    assert [one.kind for one in await said(desk.pool)] == [FAILED, READY]


async def test_an_erased_childs_document_is_not_tried_again(desk):
    await fail(desk)
    tombstone = a_record(Tombstone(str(an_id("child"))), topic=topics.IDENTITY_USERS)
    await desk.door.consume([tombstone])
    assert await now_due(desk) == 0
    assert (await desk.row())["state"] == "erased"


async def test_a_failed_document_of_a_certificate_that_is_over_is_closed_and_alarms_nobody(desk):
    """It would be tried for ever, and counted among the failed ones, though nobody may have it."""
    await fail(desk)
    await desk.consume(annulled())
    assert await now_due(desk) == 0
    assert (await desk.row())["state"] == "closed"
    assert await story(desk) == [(FAILED, 1)]
    assert not await desk.pool.fetchval(SQL["count_failed"])
    await desk.consume(a_user())  # the name that it had waited for
    assert (await desk.row())["state"] == "closed"
