"""Working on uploaded tables: some hundred rows a transaction, which also deletes them.

So a kill -9 loses nothing and does nothing twice: what is left is what is not done. An error
costs its row. A dry run decides everything and saves nothing (ADR 12). A file waits between its
batches while much is unfinished, so that nobody waits behind the whole of it (`pacing`).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NoReturn, TypeAlias

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from chassis import clock, failpoint, journal, staging
from chassis.database import DATABASE_ERRORS, Tx, describe, is_transient
from chassis.kinds import Cells, RowError, Table
from chassis.outbox import Store
from chassis.pacing import LOOK_EVERY_S, UNFINISHED_MAX, Behind, Unfinished, counting_unfinished
from chassis.settings import ServiceSettings

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


async def run(store: Store, by_kind: Works, settings: ServiceSettings, behind: Behind) -> NoReturn:
    """Look twice a second; several replicas may, an upload is worked on by one.

    `behind`: which services must keep up with which topic. While that cannot be known, files wait.
    """
    while True:
        try:
            if await _is_any_left(store):
                async with counting_unfinished(behind, settings, store) as unfinished:
                    await work_off(store, by_kind, unfinished)
        except (KafkaError, *DATABASE_ERRORS) as error:
            log.warning("import_waits", error=describe(error))
        await asyncio.sleep(POLL_S)


async def _is_any_left(store: Store) -> bool:
    async with store.pool.acquire() as tx:
        return await staging.next_upload(tx) is not None


async def work_off(store: Store, by_kind: Works, unfinished: Unfinished) -> None:
    """All files that are there: a batch whenever less than UNFINISHED_MAX events are unfinished."""
    while True:
        if await unfinished() >= UNFINISHED_MAX:
            await asyncio.sleep(LOOK_EVERY_S)
        elif not await step(store, by_kind):
            return


async def step(store: Store, by_kind: Works) -> bool:
    """Work on the next rows; False where there is nothing to do."""
    job = None
    try:
        async with store.transaction(at=None) as tx:
            job = await staging.next_upload(tx)
            if job:
                await _batch(tx, job, clock.now(), *by_kind[job["kind"]])
                failpoint.passing("import", "before-commit")
    except Exception as error:
        if job is None or is_transient(error):
            raise
        log.warning("import_batch_failed", error=describe(error), id=str(job["id"]))
        await _failed(store, job)
    if job:
        failpoint.passing("import", "after-commit")
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
            at, job["actor_id"], table.by, f"{table.kind}.imported", job["id"],
            details="dry run" if job["dry_run"] else "",
        )  # fmt: skip
        await journal.append(tx, [entry])
        return
    outcome = Outcome()
    left = _first_ones(table, taken, outcome)
    while left:
        left = await _wave(tx, job, at, table, work, left, outcome)
    await staging.save_errors(tx, job["id"], sorted(outcome.errors, key=lambda one: one.place))
    await staging.save_progress(
        tx, job["id"], done=len(taken), created=outcome.created, changed=outcome.changed,
        unchanged=outcome.unchanged, failed=outcome.failed,
    )  # fmt: skip


def _first_ones(
    table: Table, taken: Sequence[asyncpg.Record], outcome: Outcome
) -> list[asyncpg.Record]:
    """The rows that are not named like an earlier one of the file."""
    for row in taken:
        if row["repeated"] == "key":
            outcome.refuse(row["place"], [table.key])
    return [row for row in taken if row["repeated"] != "key"]


async def _wave(
    tx: Tx, job: asyncpg.Record, at: datetime, table: Table, work: Work,
    left: Sequence[asyncpg.Record], outcome: Outcome,
) -> list[asyncpg.Record]:  # fmt: skip
    """Work on all rows but those that must wait for the first of their like; returns these."""
    wanted = list({row["also"] for row in left if row["repeated"]})
    gone = await staging.taken(tx, job["id"], wanted) if wanted else set()
    now: list[asyncpg.Record] = []
    later: list[asyncpg.Record] = []
    first: dict[str, int] = {}
    for row in left:
        if row["repeated"] and row["also"] in gone:
            outcome.refuse(row["place"], [table.also])
        elif row["repeated"] and row["also"] in first:
            later.append(row)
        else:
            now.append(row)
            if row["repeated"]:
                first[row["also"]] = row["place"]
    await work(tx, job, [(row["place"], json.loads(row["cells"])) for row in now], at, outcome)
    bad = {error.place for error in outcome.errors}
    if got := [also for also, place in first.items() if place not in bad]:
        await staging.save_taken(tx, job["id"], got)
    return later
