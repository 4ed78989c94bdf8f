"""STATE of imports: rows that wait, progress, errors. As store.py, with its queries."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from chassis.database import Tx

from identity.rows import Cells, RowError
from identity.store import SQL

ERRORS_KEPT: Final = 1000


async def open_import(
    tx: Tx, import_id: UUID, kind: str, *, dry_run: bool, actor_id: UUID, at: datetime
) -> bool:
    """False where there is one with this id."""
    opened = await tx.fetchval(SQL["open_import"], import_id, kind, dry_run, actor_id, at)
    return opened is not None


async def get_import(tx: Tx, import_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(SQL["import"], import_id)


async def drop_import(tx: Tx, import_id: UUID) -> None:
    """One that was not received whole, with its rows."""
    await tx.execute(SQL["drop_import"], import_id)


async def keep_rows(tx: Tx, import_id: UUID, rows: Sequence[tuple[int, str, str, Cells]]) -> None:
    """Place, key, login and cells of each."""
    await tx.copy_records_to_table(
        "import_rows",
        columns=("import_id", "place", "key", "login", "cells"),
        records=[
            (import_id, place, key, login.lower() or None, json.dumps(cells, ensure_ascii=False))
            for place, key, login, cells in rows
        ],
    )


async def close_import(tx: Tx, import_id: UUID, digest: bytes, total: int, unread: int) -> None:
    """All rows are there (`unread` ones are errors already): the work may begin."""
    await tx.execute(SQL["mark_repeated"], import_id)
    await tx.execute(SQL["close_import"], import_id, digest, total, unread)


async def next_import(tx: Tx) -> asyncpg.Record | None:
    """The oldest unfinished one, locked; those that other replicas work on are left to them."""
    return await tx.fetchrow(SQL["next_import"])


async def take_rows(tx: Tx, import_id: UUID, rows_max: int) -> list[asyncpg.Record]:
    """The next rows in order: deleted in the transaction that works on them."""
    rows = await tx.fetch(SQL["take_rows"], import_id, rows_max)
    return sorted(rows, key=lambda row: int(row["place"]))


async def save_progress(
    tx: Tx, import_id: UUID, *, done: int, created: int, changed: int, unchanged: int, failed: int
) -> None:
    await tx.execute(SQL["save_progress"], import_id, done, created, changed, unchanged, failed)


async def save_errors(tx: Tx, import_id: UUID, errors: Sequence[RowError]) -> None:
    """The first thousand of an import are kept; all are counted by `save_progress`."""
    if errors:
        places = [error.place for error in errors]
        fields = [error.field for error in errors]
        codes = [error.code for error in errors]
        await tx.execute(SQL["save_errors"], import_id, places, fields, codes, ERRORS_KEPT)


async def import_errors(tx: Tx, import_id: UUID) -> list[asyncpg.Record]:
    return list(await tx.fetch(SQL["import_errors"], import_id))


async def finish_import(tx: Tx, import_id: UUID, state: str, at: datetime) -> None:
    await tx.execute(SQL["drop_rows"], import_id)
    await tx.execute(SQL["finish_import"], import_id, state, at)


async def count_attempt(tx: Tx, import_id: UUID) -> int:
    """How often in a row the next rows have failed."""
    return int(await tx.fetchval(SQL["count_attempt"], import_id) or 0)


async def there(tx: Tx, user_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these are known and not erased."""
    return {row["user_id"] for row in await tx.fetch(SQL["there"], user_ids)}
