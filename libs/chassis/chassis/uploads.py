"""Tables over HTTP: received row by row into a staging table, worked on afterwards (ADR 12)."""

import asyncio
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from contracts.ids import derived
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from chassis import clock, staging
from chassis.doors import key_of
from chassis.kinds import RowError, Table
from chassis.outbox import Store
from chassis.problems import Problem, key_reused, not_found
from chassis.table_errors import MESSAGES, BadTable
from chassis.tables import Reader, Row
from chassis.web import accepts

BYTES_MAX: Final = 64_000_000
ROWS_MAX: Final = 100_000
ROWS_AT_ONCE: Final = 1000
CSV: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}
LARGE: Final = [Depends(accepts(BYTES_MAX))]
DryRun = Annotated[bool, Query(description="check everything, change nothing")]


class Accepted(BaseModel):
    id: UUID


class WrongCell(BaseModel):
    """`row` as a spreadsheet shows it: the header is 1."""

    row: int
    column: str | None
    code: str
    message: str


class ImportCard(BaseModel):
    """`errors`: the first thousand; `failed` counts every row that has one or more."""

    id: UUID
    kind: str
    dry_run: bool
    state: Literal["receiving", "running", "done", "failed"]
    rows_total: int
    rows_done: int
    created: int
    changed: int
    unchanged: int
    failed: int
    errors: list[WrongCell]
    created_at: datetime
    finished_at: datetime | None


async def show(store: Store, upload_id: UUID, *tables: Table) -> ImportCard:
    """How far it is, and what was wrong with which row. Raises Problem 404."""
    async with store.pool.acquire() as tx, tx.transaction(isolation="repeatable_read"):
        row = await staging.get_upload(tx, upload_id)
        if row is None:
            raise not_found()
        errors = await staging.upload_errors(tx, upload_id)
    (table,) = [one for one in tables if one.kind == row["kind"]]
    told = {name: row[name] for name in ImportCard.model_fields if name != "errors"}
    wrong = [
        WrongCell(row=one["place"], column=one["field"], code=one["code"],
                  message=table.message(one["field"], one["code"]))
        for one in errors
    ]  # fmt: skip
    return ImportCard(**told, errors=wrong)


async def receive(
    request: Request, response: Response, store: Store, table: Table, *, dry_run: bool, who: UUID,
    idempotency_key: str | None,
) -> Accepted:  # fmt: skip
    """Keep the rows for `imports`. Raises Problem.

    The same key and file of the same person are one import, also where the file was not received
    whole before.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "text/csv":
        raise Problem(415, "not_csv", MESSAGES["not_csv"], "Тип содержимого: text/csv.")
    upload_id = derived(key_of(who, idempotency_key), f"import-{table.kind}")
    async with store.pool.acquire() as tx, tx.transaction():
        round_ = await staging.open_upload(
            tx, upload_id, table.kind, dry_run=dry_run, actor_id=who, at=clock.now()
        )
    if round_ is None:
        await _expect_same(request, store, upload_id, dry_run=dry_run)
    else:
        await _Upload(store, upload_id, round_, table).receive(request, dry_run=dry_run)
    response.headers["Location"] = f"/imports/{upload_id}"
    return Accepted(id=upload_id)


async def _expect_same(request: Request, store: Store, upload_id: UUID, *, dry_run: bool) -> None:
    """The key was used before: the same file is the same import."""
    digest = sha256(str(dry_run).encode())
    async for chunk in request.stream():
        digest.update(chunk)
    async with store.pool.acquire() as tx:
        row = await staging.get_upload(tx, upload_id)
    if row is None or row["digest"] != digest.digest():
        raise key_reused()


class _Upload:
    """One file on its way into the staging table; what breaks off leaves nothing."""

    def __init__(self, store: Store, upload_id: UUID, round_: int, table: Table) -> None:
        self.store = store
        self.id = upload_id
        self.round = round_
        self.table = table
        self.reader = Reader(table.columns, table.required, ROWS_MAX)
        self.unread = 0

    async def receive(self, request: Request, *, dry_run: bool) -> None:
        try:
            await self._keep(request, dry_run=dry_run)
        except staging.SentAgain:
            raise Problem(
                409, "sent_again", "Этот файл уже принимается заново",
                "Его прислали ещё раз с тем же Idempotency-Key: смотрите ответ на ту отправку.",
            ) from None  # fmt: skip
        except BadTable as bad:
            await self._drop()
            names = self.table.columns
            told = ", ".join(names[one][0] if one in names else one for one in bad.columns)
            where = f" Столбцы: {told}." if told else ""
            raise Problem(
                422,
                bad.code,
                MESSAGES[bad.code],
                f"Исправьте файл и загрузите его ещё раз.{where}",
                columns=bad.columns,
            ) from None
        except BaseException:
            await asyncio.shield(self._drop())
            raise

    async def _drop(self) -> None:
        async with self.store.pool.acquire() as tx:
            await staging.drop_upload(tx, self.id, self.round)

    async def _keep(self, request: Request, *, dry_run: bool) -> None:
        digest, waiting = sha256(str(dry_run).encode()), list[Row]()
        async for chunk in request.stream():
            digest.update(chunk)
            waiting += self.reader.feed(chunk)
            if len(waiting) >= ROWS_AT_ONCE:
                await self._flush(waiting)
                waiting = []
        await self._flush(waiting + self.reader.end())
        async with self.store.transaction() as tx:
            await staging.expect_round(tx, self.id, self.round)
            await staging.close_upload(tx, self.id, digest.digest(), self.reader.count, self.unread)

    async def _flush(self, read: list[Row]) -> None:
        good = [
            (row.number, *self.table.keys(row.cells), row.cells) for row in read if not row.error
        ]
        bad = [row for row in read if row.error]
        wrong = [RowError(row.number, one, str(row.error)) for row in bad for one in row.columns]
        self.unread += len(bad)
        async with self.store.pool.acquire() as tx, tx.transaction():
            await staging.expect_round(tx, self.id, self.round)
            await staging.keep_rows(tx, self.id, good)
            await staging.save_errors(tx, self.id, wrong)
