"""A failed document is tried again with growing pauses, until child or certificate is no more."""

import asyncio
from datetime import datetime
from typing import Any

import asyncpg
import structlog
from chassis import clock, outbox
from chassis.database import DATABASE_ERRORS, describe
from chassis.outbox import Store
from contracts import Envelope
from contracts.events import AboutDocument
from contracts.ids import derived
from contracts.values import DocumentFailure

from documents import decide, store
from documents.build import Workshop
from documents.orders import Built, Order
from documents.source import SOURCE

log = structlog.get_logger()
ROWS_MAX = 100
POLL_S = 1.0


async def run(store_: Store, workshop: Workshop) -> None:
    """Look every second; several replicas may look at once, a row is changed by one."""
    while True:
        try:
            while await try_due(store_, workshop):
                pass
        except DATABASE_ERRORS as error:
            log.warning("retry_failed", error=describe(error))
        await asyncio.sleep(POLL_S)


async def try_due(store_: Store, workshop: Workshop) -> int:
    """Build what is due; returns how many were looked at. What nobody would be given is over."""
    async with store_.pool.acquire() as connection:
        await store.end_hopeless(connection)
        rows = await store.due(connection, ROWS_MAX)
    orders = [_order(row) for row in rows]
    results = await workshop.build(orders)
    for row, order, result in zip(rows, orders, results, strict=True):
        await _save(store_, row, order, result)
    return len(rows)


def _order(row: asyncpg.Record) -> Order:
    return Order(
        row["certificate_id"],
        row["child_id"],
        row["document_id"],
        row["number"],
        row["valid_from"],
        row["valid_until"],
        row["issued_on"],
        row["full_name"],
    )


async def _save(
    store_: Store, row: asyncpg.Record, order: Order, result: Built | DocumentFailure
) -> None:
    at, version, attempt = clock.now(), row["version"] + 1, row["attempts"] + 1
    async with store_.transaction("retry") as tx:
        if not await store.lock_failed(tx, order.certificate_id, row["version"]):
            return
        if isinstance(result, Built):
            await store.save_ready(tx, order.certificate_id, result, at)
        else:
            again = decide.retry_at(attempt, at)
            await store.save_failed(tx, order.certificate_id, result, attempt, again)
        event = decide.outcome(order, result, version=version, attempt=attempt, at=at)
        await outbox.append(tx, [said(row, event, version, at)])


def said(row: Any, event: AboutDocument, version: int, at: datetime) -> Envelope:
    """What is said of a document after its first version: the id is made of it and its version."""
    return Envelope(
        event=event,
        id=derived(f"{event.document_id}:{version}", event.TYPE),
        source=SOURCE,
        time=at,
        correlation_id=row["correlation_id"],
        traceparent=row["traceparent"],
    )
