"""Files with users and links: received row by row into a staging table, worked on afterwards."""

import asyncio
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from chassis import table_errors
from chassis.doors import TheStore
from chassis.openapi import answers
from chassis.outbox import Store
from chassis.problems import Problem, not_found
from chassis.table_errors import BadTable
from chassis.tables import Reader, Row
from chassis.web import accepts
from contracts.ids import derived
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from identity import rows, staging
from identity.api.doors import AnOperator, IdempotencyKey, TheCause, key_of
from identity.api.problems import problem
from identity.rows import RowError

router = APIRouter(prefix="/imports")
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
Kind = Literal["users", "child-links"]
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
    """`errors`: the first thousand; `failed` counts every row that has one."""

    id: UUID
    kind: Kind
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


@router.post(
    "/users", status_code=202, openapi_extra=CSV, dependencies=LARGE, responses=answers(409, 415)
)
async def import_users(
    request: Request, who: AnOperator, store_: TheStore, cause: TheCause, response: Response,
    dry_run: DryRun = False, idempotency_key: IdempotencyKey = None,
) -> Accepted:  # fmt: skip
    """Users, one a row: made, or changed in the columns that the file has."""
    reader = Reader(rows.USER_COLUMNS, rows.USER_REQUIRED, ROWS_MAX)
    import_id = derived(key_of(who.user_id, idempotency_key), "import-users")
    upload = _Upload(store_, import_id, "users", reader)
    await upload.receive(request, dry_run=dry_run, actor_id=who.user_id, at=cause.at)
    response.headers["Location"] = f"/imports/{import_id}"
    return Accepted(id=import_id)


@router.post(
    "/child-links",
    status_code=202,
    openapi_extra=CSV,
    dependencies=LARGE,
    responses=answers(409, 415),
)
async def import_child_links(
    request: Request, who: AnOperator, store_: TheStore, cause: TheCause, response: Response,
    dry_run: DryRun = False, idempotency_key: IdempotencyKey = None,
) -> Accepted:  # fmt: skip
    """Links between parents and children, one a row: made or ended."""
    reader = Reader(rows.LINK_COLUMNS, rows.LINK_REQUIRED, ROWS_MAX)
    import_id = derived(key_of(who.user_id, idempotency_key), "import-child-links")
    upload = _Upload(store_, import_id, "child-links", reader)
    await upload.receive(request, dry_run=dry_run, actor_id=who.user_id, at=cause.at)
    response.headers["Location"] = f"/imports/{import_id}"
    return Accepted(id=import_id)


@router.get("/{import_id:uuid}")  # and no other word: GET /imports/users is not there
async def show_import(import_id: UUID, _who: AnOperator, store_: TheStore) -> ImportCard:
    """How far it is, and what was wrong with which row."""
    async with store_.pool.acquire() as tx, tx.transaction(isolation="repeatable_read"):
        row = await staging.get_import(tx, import_id)
        if row is None:
            raise not_found()
        errors = await staging.import_errors(tx, import_id)
    told = {name: row[name] for name in ImportCard.model_fields if name != "errors"}
    return ImportCard(**told, errors=[_told(row["kind"], error) for error in errors])


def _told(kind: Kind, error: Any) -> WrongCell:
    columns = rows.USER_COLUMNS if kind == "users" else rows.LINK_COLUMNS
    text = rows.MESSAGES.get(error["code"]) or table_errors.MESSAGES[error["code"]]
    label = columns[error["field"]][0] if error["field"] in columns else None
    return WrongCell(
        row=error["place"], column=error["field"], code=error["code"],
        message=f"{label}: {text[0].lower()}{text[1:]}" if label else text,
    )  # fmt: skip


class _Upload:
    """One file on its way into the staging table; what breaks off leaves nothing."""

    def __init__(self, store_: Store, import_id: UUID, kind: Kind, reader: Reader) -> None:
        self.store = store_
        self.id = import_id
        self.kind = kind
        self.reader = reader
        self.unread = 0

    async def receive(
        self, request: Request, *, dry_run: bool, actor_id: UUID, at: datetime
    ) -> None:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "text/csv":
            raise Problem(
                415, "not_csv", table_errors.MESSAGES["not_csv"], "Тип содержимого: text/csv."
            )
        async with self.store.pool.acquire() as tx:
            opened = await staging.open_import(
                tx, self.id, self.kind, dry_run=dry_run, actor_id=actor_id, at=at
            )
        if not opened:
            return await self._same(request, dry_run=dry_run)
        try:
            await self._keep(request, dry_run=dry_run)
        except BadTable as bad:
            await self._drop()
            raise Problem(
                422, bad.code, table_errors.MESSAGES[bad.code], ", ".join(bad.columns),
                columns=bad.columns,
            ) from None  # fmt: skip
        except BaseException:
            await asyncio.shield(self._drop())
            raise

    async def _drop(self) -> None:
        async with self.store.pool.acquire() as tx:
            await staging.drop_import(tx, self.id)

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
            await staging.close_import(tx, self.id, digest.digest(), self.reader.count, self.unread)

    async def _flush(self, read: list[Row]) -> None:
        good = [
            (row.number, self._key(row), row.cells.get("login", ""), row.cells)
            for row in read
            if not row.error
        ]
        bad = [RowError(row.number, row.column, row.error) for row in read if row.error]
        self.unread += len(bad)
        async with self.store.pool.acquire() as tx, tx.transaction():
            await staging.keep_rows(tx, self.id, good)
            await staging.save_errors(tx, self.id, bad)

    def _key(self, row: Row) -> str:
        required = rows.USER_REQUIRED[:1] if self.kind == "users" else rows.LINK_REQUIRED
        return ":".join(row.cells[column] for column in required)

    async def _same(self, request: Request, *, dry_run: bool) -> None:
        """The key was used before: the same file is the same import."""
        digest = sha256(str(dry_run).encode())
        async for chunk in request.stream():
            digest.update(chunk)
        async with self.store.pool.acquire() as tx:
            row = await staging.get_import(tx, self.id)
        if row is None or row["digest"] is None:
            raise problem("still_receiving")
        if row["digest"] != digest.digest():
            raise problem("idempotency_key_reused")
