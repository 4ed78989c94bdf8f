"""STATE of uploads: rows that wait, progress, errors. Every function takes the transaction."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

import asyncpg

from chassis.database import Tx
from chassis.kinds import RowError
from chassis.queries import load

SQL = load("chassis")
ERRORS_KEPT: Final = 1000
Staged: TypeAlias = tuple[int, str, str, Mapping[str, str]]


class SentAgain(Exception):
    """The same file is being received from its beginning by now, or its time was over."""


async def open_upload(
    tx: Tx, upload_id: UUID, kind: str, *, dry_run: bool, actor_id: UUID, at: datetime
) -> int | None:
    """Its round: begun anew where it was not received whole; None where it was."""
    round_: int | None = await tx.fetchval(
        SQL["open_upload"], upload_id, kind, dry_run, actor_id, at
    )
    if round_ is not None and round_ > 1:
        await tx.execute(SQL["drop_rows"], upload_id)
        await tx.execute(SQL["drop_errors"], upload_id)
    return round_


async def expect_round(tx: Tx, upload_id: UUID, round_: int) -> None:
    """Nobody else receives it until the transaction ends. Raises SentAgain."""
    if not await tx.fetchval(SQL["lock_round"], upload_id, round_):
        raise SentAgain


async def get_upload(tx: Tx, upload_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(SQL["upload"], upload_id)


async def drop_upload(tx: Tx, upload_id: UUID, round_: int) -> None:
    """One that was not received whole, with its rows."""
    await tx.execute(SQL["drop_upload"], upload_id, round_)


async def keep_rows(tx: Tx, upload_id: UUID, rows: Sequence[Staged]) -> None:
    """Place, key, what else no other row may have ('': nothing), and cells of each."""
    await tx.copy_records_to_table(
        "upload_rows",
        columns=("upload_id", "place", "key", "also", "cells"),
        records=[
            (upload_id, place, key, also or None, json.dumps(dict(cells), ensure_ascii=False))
            for place, key, also, cells in rows
        ],
    )


async def close_upload(tx: Tx, upload_id: UUID, digest: bytes, total: int, unread: int) -> None:
    """All rows are there (`unread` ones are errors already): the work may begin.

    Statistics may still say that the table is empty, as the file before left it: a nested loop
    would then be chosen, which takes a minute for 10,000 rows.
    """
    await tx.execute(SQL["without_nested_loops"])
    await tx.execute(SQL["mark_repeated"], upload_id)
    await tx.execute(SQL["close_upload"], upload_id, digest, total, unread)


async def next_upload(tx: Tx) -> asyncpg.Record | None:
    """The oldest unfinished one, locked; those that other replicas work on are left to them."""
    return await tx.fetchrow(SQL["next_upload"])


async def take_rows(tx: Tx, upload_id: UUID, rows_max: int) -> list[asyncpg.Record]:
    """The next rows in order: deleted in the transaction that works on them."""
    rows = await tx.fetch(SQL["take_rows"], upload_id, rows_max)
    return sorted(rows, key=lambda row: int(row["place"]))


async def taken(tx: Tx, upload_id: UUID, also: Sequence[str]) -> set[str]:
    """Which of these an earlier good row of the file has."""
    return {row["also"] for row in await tx.fetch(SQL["taken"], upload_id, also)}


async def save_taken(tx: Tx, upload_id: UUID, also: Sequence[str]) -> None:
    await tx.execute(SQL["save_taken"], upload_id, also)


async def save_progress(
    tx: Tx, upload_id: UUID, *, done: int, created: int, changed: int, unchanged: int, failed: int
) -> None:
    await tx.execute(SQL["save_progress"], upload_id, done, created, changed, unchanged, failed)


async def save_errors(tx: Tx, upload_id: UUID, errors: Sequence[RowError]) -> None:
    """The first thousand of an upload are kept; all are counted by `save_progress`."""
    if errors:
        places = [error.place for error in errors]
        fields = [error.field for error in errors]
        codes = [error.code for error in errors]
        await tx.execute(SQL["save_errors"], upload_id, places, fields, codes, ERRORS_KEPT)


async def upload_errors(tx: Tx, upload_id: UUID) -> list[asyncpg.Record]:
    return list(await tx.fetch(SQL["upload_errors"], upload_id))


async def finish_upload(tx: Tx, upload_id: UUID, state: str, at: datetime) -> None:
    await tx.execute(SQL["drop_rows"], upload_id)
    await tx.execute(SQL["drop_taken"], upload_id)
    await tx.execute(SQL["finish_upload"], upload_id, state, at)


async def count_attempt(tx: Tx, upload_id: UUID) -> int:
    """How often in a row the next rows have failed."""
    return int(await tx.fetchval(SQL["count_attempt"], upload_id) or 0)
