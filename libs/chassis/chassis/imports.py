"""Working on uploaded tables: some hundred rows a transaction, which also deletes them.

So a kill -9 loses nothing and does nothing twice: what is left is what is not done. An error
costs its row. A dry run decides everything and saves nothing (ADR 12).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

import asyncpg
import structlog

from chassis import clock, journal, staging
from chassis.database import DATABASE_ERRORS, Tx, describe, is_transient
from chassis.kinds import Cells, RowError, Table
from chassis.outbox import Store

log = structlog.get_logger()
ROWS_A_BATCH: Final = 500
ATTEMPTS_MAX: Final = 5
POLL_S: Final = 0.5


@dataclass(slots=True)
class Outcome:
    """What became of some rows."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return len({error.place for error in self.errors})

    def refuse(self, place: int, problems: Sequence[tuple[str, str]]) -> None:
        """A row that is not done: column and code of each problem."""
        self.errors += [RowError(place, column, code) for column, code in problems]


# Decides rows (place and cells), and saves what was decided unless `job` is a dry run.
Work: TypeAlias = Callable[
    [Tx, asyncpg.Record, Sequence[tuple[int, Cells]], datetime, Outcome], Awaitable[None]
]
Works: TypeAlias = Mapping[str, tuple[Table, Work]]


def works(*pairs: tuple[Table, Work]) -> Works:
    """What a service does with which kind of table."""
    return {table.kind: (table, work) for table, work in pairs}


async def run(store: Store, by_kind: Works) -> None:
    """Look twice a second; several replicas may, an upload is worked on by one."""
    while True:
        try:
            while await step(store, by_kind):
                pass
        except DATABASE_ERRORS as error:
            log.warning("import_waits", error=describe(error))
        await asyncio.sleep(POLL_S)


async def step(store: Store, by_kind: Works) -> bool:
    """Work on the next rows; False where there is nothing to do."""
    job = None
    try:
        async with store.transaction() as tx:
            job = await staging.next_upload(tx)
            if job:
                await _batch(tx, job, clock.now(), *by_kind[job["kind"]])
    except Exception as error:
        if job is None or is_transient(error):
            raise
        log.warning("import_batch_failed", error=describe(error), id=str(job["id"]))
        await _failed(store, job)
    return job is not None


async def _failed(store: Store, job: Any) -> None:
    """What was taken in between passes by itself; a bug does not, and ends the import."""
    async with store.transaction() as tx:
        if await staging.count_attempt(tx, job["id"]) >= ATTEMPTS_MAX:
            await staging.finish_upload(tx, job["id"], "failed", clock.now())


async def _batch(tx: Tx, job: asyncpg.Record, at: datetime, table: Table, work: Work) -> None:
    taken = await staging.take_rows(tx, job["id"], ROWS_A_BATCH)
    if not taken:
        await staging.finish_upload(tx, job["id"], "done", at)
        entry = journal.Entry(
            at, job["actor_id"], "operator", f"{table.kind}.imported", job["id"],
            details="dry run" if job["dry_run"] else "",
        )  # fmt: skip
        await journal.append(tx, [entry])
        return
    outcome = Outcome()
    await work(tx, job, _first_ones(table, taken, outcome), at, outcome)
    await staging.save_errors(tx, job["id"], sorted(outcome.errors, key=lambda one: one.place))
    await staging.save_progress(
        tx, job["id"], done=len(taken), created=outcome.created, changed=outcome.changed,
        unchanged=outcome.unchanged, failed=outcome.failed,
    )  # fmt: skip


def _first_ones(
    table: Table, taken: Sequence[asyncpg.Record], outcome: Outcome
) -> list[tuple[int, Cells]]:
    """Place and cells of the rows that do not repeat an earlier one of the file."""
    first = []
    for row in taken:
        if row["repeated"]:
            what = table.key if row["repeated"] == "key" else table.also
            outcome.refuse(row["place"], [what])
        else:
            first.append((row["place"], json.loads(row["cells"])))
    return first
