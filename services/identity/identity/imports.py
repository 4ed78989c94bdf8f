"""Working on uploaded files: some hundred rows a transaction, which also deletes them.

So a kill -9 loses nothing and does nothing twice: what is left is what is not done. An error
costs its row. A dry run decides everything and saves nothing.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from chassis import clock, failpoint
from chassis.database import DATABASE_ERRORS, Tx, describe, is_transient
from chassis.outbox import Store
from contracts import Event
from contracts.ids import user_id

from identity import acts, changes, edits, rows, staging, store
from identity.changes import Cause, Wanted
from identity.decide import KnownLink
from identity.rows import BadRow, RowError
from identity.store import Pair

log = structlog.get_logger()
ROWS_A_BATCH: Final = 500
ATTEMPTS_MAX: Final = 5
POLL_S: Final = 0.5
_COLUMNS: Final = {"id": "sgo_user_id", "name": "last_name", "organization": "organization_id"}


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

    def count(self, event: Event | None, *, is_new: bool) -> None:
        self.created += event is not None and is_new
        self.changed += event is not None and not is_new
        self.unchanged += event is None


async def run(store_: Store, zone: ZoneInfo) -> None:
    """Look twice a second; several replicas may, an import is worked on by one."""
    while True:
        try:
            while await step(store_, zone):
                pass
        except DATABASE_ERRORS as error:
            log.warning("import_waits", error=describe(error))
        await asyncio.sleep(POLL_S)


async def step(store_: Store, zone: ZoneInfo) -> bool:
    """Work on the next rows; False where there is nothing to do."""
    job = None
    try:
        async with store_.transaction(at=None) as tx:
            job = await staging.next_import(tx)
            if job:
                await _batch(tx, job, clock.now(), zone)
                failpoint.passing("import", "before-commit")
    except Exception as error:
        if job is None or is_transient(error):
            raise
        log.warning("import_batch_failed", error=describe(error), id=str(job["id"]))
        await _failed(store_, job["id"])
    if job:
        failpoint.passing("import", "after-commit")
    return job is not None


async def _failed(store_: Store, import_id: UUID) -> None:
    """A login that was taken in between passes by itself; a bug does not, and ends the import."""
    async with store_.transaction() as tx:
        if await staging.count_attempt(tx, import_id) >= ATTEMPTS_MAX:
            await staging.finish_import(tx, import_id, "failed", clock.now())


async def _batch(tx: Tx, job: asyncpg.Record, at: datetime, zone: ZoneInfo) -> None:
    taken = await staging.take_rows(tx, job["id"], ROWS_A_BATCH)
    if not taken:
        await staging.finish_import(tx, job["id"], "done", at)
        await acts.record(tx, at=at, actor_id=job["actor_id"], actor="operator",
                          action=f"{job['kind']}.imported", subject=job["id"])  # fmt: skip
        return
    cause = Cause(at, str(job["id"]))
    outcome = Outcome()
    first = _first_ones(job["kind"], taken, outcome)
    if job["kind"] == "users":
        await _users(tx, job, first, cause, zone, outcome)
    else:
        await _links(tx, job, first, cause, outcome)
    await staging.save_errors(tx, job["id"], sorted(outcome.errors, key=lambda one: one.place))
    await staging.save_progress(
        tx, job["id"], done=len(taken), created=outcome.created, changed=outcome.changed,
        unchanged=outcome.unchanged, failed=outcome.failed,
    )  # fmt: skip


def _first_ones(
    kind: str, taken: Sequence[asyncpg.Record], outcome: Outcome
) -> list[tuple[int, dict[str, str]]]:
    """Place and cells of the rows that do not repeat an earlier one of the file."""
    key = "sgo_user_id" if kind == "users" else "sgo_child_id"
    first = []
    for row in taken:
        if row["repeated"]:
            column = key if row["repeated"] == "key" else "login"
            outcome.errors.append(RowError(row["place"], column, "repeated"))
        else:
            first.append((row["place"], json.loads(row["cells"])))
    return first


async def _users(
    tx: Tx, job: Any, taken: Sequence[tuple[int, dict[str, str]]], cause: Cause, zone: ZoneInfo,
    outcome: Outcome,
) -> None:  # fmt: skip
    wanted: dict[int, Wanted] = {}
    for place, cells in taken:
        try:
            sgo_id, fields = rows.user(cells)
        except BadRow as bad:
            outcome.errors += [RowError(place, column, code) for column, code in bad.problems]
        else:
            wanted[place] = Wanted(user_id(sgo_id), fields, sgo_id)
    today = clock.day_in(zone, cause.at)
    planned = await changes.plan(tx, list(wanted.values()), today)
    for place, one in zip(wanted, planned, strict=True):
        if one.refused:
            column = _COLUMNS.get(one.refused.field, one.refused.field)
            outcome.errors.append(RowError(place, column, one.refused.code))
        else:
            event = one.edited.event if one.edited else None
            outcome.count(event, is_new=one.known is None)
    if not job["dry_run"]:
        await changes.save(tx, planned, cause)


async def _links(
    tx: Tx, job: Any, taken: Sequence[tuple[int, dict[str, str]]], cause: Cause, outcome: Outcome
) -> None:
    wanted: dict[Pair, tuple[int, bool]] = {}
    for place, cells in taken:
        try:
            parent, child, linked = rows.link(cells)
        except BadRow as bad:
            outcome.errors += [RowError(place, column, code) for column, code in bad.problems]
        else:
            wanted[user_id(parent), user_id(child)] = place, linked
    there = await staging.there(tx, [one for pair in wanted for one in pair])
    known = await store.lock_links(tx, list(wanted))
    saved: dict[Pair, KnownLink] = {}
    events: list[Event] = []
    for pair, (place, linked) in wanted.items():
        if problem := _bad_pair(pair, there):
            outcome.errors.append(RowError(place, *problem))
            continue
        made, event = _linked(pair, known.get(pair), linked, cause.at)
        outcome.count(event, is_new=linked)
        if event:
            saved[pair] = made
            events.append(event)
    if not job["dry_run"]:
        await changes.save_links(tx, saved, events, cause)


def _bad_pair(pair: Pair, there: set[UUID]) -> tuple[str, str] | None:
    parent, child = pair
    if parent == child:
        return "sgo_child_id", "same_person"
    for column, one in (("sgo_parent_id", parent), ("sgo_child_id", child)):
        if one not in there:
            return column, "unknown_person"
    return None


def _linked(
    pair: Pair, known: KnownLink | None, linked: bool, at: datetime
) -> tuple[KnownLink, Event | None]:
    if linked:
        return edits.link(*pair, known)
    if known is None or not known.version:
        return KnownLink(0, 0, linked=False), None
    return edits.unlink(*pair, known, at)
