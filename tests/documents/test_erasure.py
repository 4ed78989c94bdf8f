"""Erasing a child leaves no document behind, in whatever order things happen."""

import asyncio

from chassis.records import read
from contracts import Tombstone, topics

from tests.builders import a_record, a_user, an_id
from tests.documents.desk import issued

WAITING = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
    )
"""


async def test_a_child_erased_while_the_document_is_being_saved_leaves_none(desk):
    await desk.consume(a_user())
    tombstone = a_record(Tombstone(str(an_id("child"))), topic=topics.IDENTITY_USERS)
    async with desk.pool.acquire() as tx, tx.transaction():
        await desk.door.effects(tx, [read(a_record(issued()))], last_call=False)
        erasing = asyncio.create_task(desk.door.consume([tombstone]))
        while not erasing.done() and not await desk.pool.fetchval(WAITING):
            pass
    await erasing
    row = await desk.row()
    assert (row["state"], row["sealed_key"], row["sealed_values"]) == ("erased", None, None)
