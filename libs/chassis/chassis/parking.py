"""Parked events are tried again when their fact has arrived, and decided when time is up.

One that was sealed with another key waits for that key, as `wrong_key`, and is tried each minute.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import asyncpg
import structlog
from contracts import Unreadable

from chassis import failpoint, inbox, kept, outbox, tracing
from chassis.batches import Consumer
from chassis.database import DATABASE_ERRORS, Tx, describe, is_transient
from chassis.handlers import misplaced, prepare
from chassis.kept import WrongKey, open_kept
from chassis.metrics import WAITING
from chassis.queries import load
from chassis.records import Item, RawRecord, read
from chassis.waiting import woken

log = structlog.get_logger()
SQL = load("chassis")
ROWS_MAX = 500
# Events, the rows of their records, what cannot be read and why, rows under another key.
_Opened = tuple[list[Item], dict[RawRecord, int], list[tuple[RawRecord, str]], list[int]]
POLL_S = 1.0


async def run(consumer: Consumer) -> None:
    """Try due events for ever; woken by a commit, with a short poll as the net."""
    while True:
        consumer.store.released.clear()
        try:
            while await try_due(consumer, ROWS_MAX):
                pass
            await _watch(consumer)
        except DATABASE_ERRORS as error:
            log.warning("parking_failed", error=describe(error))
        await woken(consumer.store.released, POLL_S)
        await asyncio.sleep(0.02)  # many commits, one look


async def try_due(consumer: Consumer, rows_max: int) -> int:
    """Apply what is due, in one transaction; one by one where that fails. Returns how many."""
    try:
        return await _try(consumer, rows_max)
    except Exception as error:
        if is_transient(error):
            raise
        log.warning("parked_batch_failed", error=describe(error))
    return await _one_by_one(consumer)


async def _try(consumer: Consumer, rows_max: int) -> int:
    patience = _patience(consumer)
    if any(handler.prepare for handler in consumer.handlers.values()):
        rows = await consumer.store.pool.fetch(SQL["due"], rows_max, patience)
        await prepare(_open(consumer.key, rows)[0], consumer.handlers)
    async with consumer.store.pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(SQL["due"], rows_max, patience)
        for last_call in (False, True):
            due = [row for row in rows if row["last_call"] is last_call]
            if due:
                await _apply(consumer, connection, due, last_call=last_call)
        if rows:
            failpoint.passing("parking", "before-commit")
    if rows:
        failpoint.passing("parking", "after-commit")
        consumer.store.committed.set()
    return len(rows)


def _patience(consumer: Consumer) -> timedelta:
    """After so long a parked event is decided without its fact."""
    return timedelta(seconds=consumer.patience.fact_s_max)


async def _apply(
    consumer: Consumer, tx: Tx, due: Sequence[asyncpg.Record], *, last_call: bool
) -> None:
    items, ids, refused, sealed = _open(consumer.key, due)
    if sealed:
        log.error("parked_under_another_key", records=len(sealed))
        await tx.execute(SQL["wait_for_key"], sealed)
    with tracing.consuming(items) as traced:
        effects = await consumer.effects(tx, traced, last_call=last_call)
    for item in items:  # a record that an operator gave again may never have belonged here
        if why := misplaced(item, consumer.handlers, consumer.prefix):
            effects.refused.append((item, why))
    waiting = {ids[one.item.record]: one.waits_for for one in effects.not_yet}
    await tx.execute(SQL["wait_on"], list(waiting), list(waiting.values()), _patience(consumer))
    await tx.execute(SQL["unpark"], [row for row in ids.values() if row not in waiting])
    refused += [(item.record, why) for item, why in effects.refused]
    await inbox.forget(tx, [item for item, _ in effects.refused])
    await kept.quarantine(tx, consumer.key, refused)
    await outbox.append(tx, effects.events)


def _open(key: bytes, due: Sequence[asyncpg.Record]) -> _Opened:
    items: list[Item] = []
    ids: dict[RawRecord, int] = {}
    refused: list[tuple[RawRecord, str]] = []
    sealed: list[int] = []
    for row in due:
        try:
            record = open_kept(key, row)
        except WrongKey:
            sealed.append(row["id"])
            continue
        ids[record] = row["id"]
        try:
            items.append(read(record))
        except Unreadable as error:  # it was readable by the rules of an older release
            refused.append((record, error.reason))
    return items, ids, refused, sealed


async def _one_by_one(consumer: Consumer) -> int:
    async with consumer.store.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(SQL["due"], 1, _patience(consumer))
        if row is None:
            return 0
        try:
            async with connection.transaction():
                await _apply(consumer, connection, [row], last_call=row["last_call"])
        except Exception as error:
            if is_transient(error):
                raise
            if row["attempts"] + 1 < consumer.patience.tries_alone:
                await connection.execute(SQL["postpone"], row["id"])
            else:
                await _give_up(consumer, connection, row, f"failed: {describe(error)}")
    return 1


async def _give_up(consumer: Consumer, tx: Tx, row: asyncpg.Record, reason: str) -> None:
    record = open_kept(consumer.key, row)
    with suppress(Unreadable):
        await inbox.forget(tx, [read(record)])
    await kept.quarantine(tx, consumer.key, [(record, reason)])
    await tx.execute(SQL["unpark"], [row["id"]])


async def _watch(consumer: Consumer) -> None:
    row = await consumer.store.pool.fetchrow(SQL["waiting"])
    assert row is not None
    for kind in ("parked", "quarantined"):
        WAITING.labels(kind).set(row[kind])
