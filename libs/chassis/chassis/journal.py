"""The journal: who did and who read what, append-only, sealed into a chain of hashes.

An entry is a row of the transaction that it tells of. Sealing follows within a second, in the order
of its own counter: concurrent writers need no lock, and an entry that commits late is not skipped.
Links stand beside the entries: nothing in the journal is ever changed.
"""

import asyncio
import getpass
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from chassis import clock, failpoint
from chassis.database import DATABASE_ERRORS, Tx, describe
from chassis.outbox import Store
from chassis.queries import load

log = structlog.get_logger()
SQL = load("chassis")
JOURNAL_LOCK: Final = 0x6A6C6E  # not the one that sealed into the rows themselves: it may still run
ROWS_MAX: Final = 1000
LINK_COLUMNS: Final = ("link", "id", "hash")
POLL_S: Final = 1.0
BY_COMMAND: Final = "cli"  # as whom somebody acts who runs a command
READ: Final = "read_journal"
SAME_LOOK: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Entry:
    """`actor` is as whom (parent, staff, system …); `subject` whom it is about; no names."""

    happened_at: datetime
    actor_id: UUID | None
    actor: str
    action: str
    subject: UUID
    organization: str | None = None
    details: str = ""

    def row(self) -> tuple[Any, ...]:
        return (self.happened_at, self.actor_id, self.actor, self.organization, self.action,
                self.subject, self.details)  # fmt: skip


async def append(tx: Tx, entries: Sequence[Entry]) -> None:
    """Part of the caller's transaction: what was done is journalled, or it was not done."""
    if entries:
        await tx.execute(SQL["journal"], *_columns(entries))


async def looks(tx: Tx, entries: Sequence[Entry]) -> None:
    """Looks of about one moment; the same person looking again within ten minutes is one look."""
    if entries:
        await tx.execute(SQL["journal_looks"], *_columns(entries), SAME_LOOK)


async def by_command(tx: Tx, action: str, subject: UUID, details: str = "") -> None:
    """An act of whoever runs a command on the machine, where nobody has signed in.

    The first part of its details is who; a history for people leaves that out.
    """
    told = f"os user {os_user()}" + (f"; {details}" if details else "")
    await append(tx, [Entry(clock.now(), None, BY_COMMAND, action, subject, details=told)])


def os_user() -> str:
    """As the operating system knows them; the environment may say anything."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd  # noqa: PLC0415  there is none on Windows

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container its user may have no name
        return f"uid {os.getuid()}"


def _columns(entries: Sequence[Entry]) -> list[list[Any]]:
    return list(map(list, zip(*(entry.row() for entry in entries), strict=True)))


async def about(
    tx: Tx,
    subject: UUID,
    rows_max: int,
    *,
    before: tuple[datetime, int] | None = None,
    looks: bool | None = None,
) -> list[asyncpg.Record]:
    """The latest entries about somebody, the newest first; those `before` a moment and id.

    `looks`: only looks, or none of them; None for all.
    """
    return list(
        await tx.fetch(SQL["journal_of"], subject, rows_max, *(before or (None, None)), looks)
    )


async def run(store: Store) -> None:
    """Seal for ever; of several replicas one does it at a time."""
    while True:
        try:
            while await seal(store) == ROWS_MAX:
                pass
        except DATABASE_ERRORS as error:
            log.warning("journal_not_sealed", error=describe(error))
        await asyncio.sleep(POLL_S)


async def seal(store: Store) -> int:
    """Link what is not linked yet to the chain; returns how many."""
    async with store.pool.acquire() as tx, tx.transaction():
        if not await tx.fetchval(SQL["try_lock"], JOURNAL_LOCK):
            return 0
        rows = await tx.fetch(SQL["take_unsealed"], ROWS_MAX)
        if not rows:
            return 0
        last = await tx.fetchrow(SQL["last_link"])
        assert last is not None, "a migration notes where the journal begins"
        before, links = last["hash"], []
        for link, row in enumerate(rows, last["link"] + 1):
            before = digest(before, row)
            links.append((link, row["id"], before))
        await tx.copy_records_to_table("journal_links", columns=LINK_COLUMNS, records=links)
        failpoint.passing("seal", "before-commit")
    failpoint.passing("seal", "after-commit")
    # In the logs, out of the database's reach: a chain cut short at its end is told by this line.
    log.info("journal_sealed", count=links[-1][0], hash=before.hex())
    return len(rows)


@dataclass(frozen=True, slots=True)
class Chain:
    """What `check` found: whole from `first` to `last`; `broken` is the link that does not fit."""

    first: int
    last: int
    hash: bytes
    unsealed: int
    broken: int | None = None
    row: int | None = None  # the id of the row at the broken link; None where that row is gone


async def check(tx: Tx) -> Chain:
    """Count the chain through, from where it begins to its last link."""
    start = await tx.fetchrow(SQL["journal_start"])
    assert start is not None, "a migration notes where the journal begins"
    link, before, first = start["link"], start["hash"], start["link"] + 1
    unsealed = await tx.fetchval(SQL["count_unsealed"])
    while rows := await tx.fetch(SQL["links_after"], link, ROWS_MAX):
        for row in rows:
            if row["link"] != link + 1 or row["id"] is None:
                return Chain(first, link, before, unsealed, link + 1)
            if row["hash"] != digest(before, row):
                return Chain(first, link, before, unsealed, link + 1, row["id"])
            link, before = row["link"], row["hash"]
    return Chain(first, link, before, unsealed)


async def broken_at(tx: Tx) -> int | None:
    """The first link of the chain that is missing or does not fit; None for a whole chain."""
    return (await check(tx)).broken


def digest(before: bytes, row: asyncpg.Record) -> bytes:
    """SHA-256 over the hash before and every column."""
    columns = (
        row["id"], row["happened_at"].astimezone(UTC).isoformat(), str(row["actor_id"]),
        row["actor"], row["organization"], row["action"], str(row["subject"]), row["details"],
    )  # fmt: skip
    return hashlib.sha256(before + json.dumps(columns, ensure_ascii=False).encode()).digest()
