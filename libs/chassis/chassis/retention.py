"""What is kept for a while only: a rule a table, and a job that holds it (ADR 8, ADR 16).

In small transactions with pauses, so that nobody waits; of several replicas one at a time.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Final

import structlog

from chassis import clock, failpoint
from chassis.database import DATABASE_ERRORS, Pool, Tx, describe
from chassis.outbox import Store
from chassis.queries import load

log = structlog.get_logger()
SQL = load("chassis")
PRUNE_LOCK: Final = 0x7072756E
ROWS_MAX: Final = 1000
PAUSE_S: Final = 0.05  # some 10,000 rows a second: more than the busiest region writes
LOOK_EVERY_S: Final = 600.0
SENT_KEPT: Final = timedelta(days=7)
YEARS_3: Final = timedelta(days=1096)  # acts of erasure and what proves them: order 179 of 2022


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of `table` go when their column `age` is older than `kept`, where `only` holds."""

    table: str
    age: str
    kept: timedelta
    only: str = "true"

    @property
    def sql(self) -> str:
        """`$1`: what is older goes, the oldest first; `$2`: so many at once.

        Composed: names of a table and of columns are no parameters.
        """
        return (
            f"DELETE FROM {self.table} WHERE ctid = ANY(ARRAY("  # noqa: S608  ours
            f"SELECT ctid FROM {self.table} WHERE {self.age} < $1 AND {self.only}"
            f" ORDER BY {self.age} LIMIT $2))"
        )


JOURNAL: Final = Rule("journal", "happened_at", YEARS_3)
# What has no age of its own, and what ends it instead.
STAYS: Final = {
    "outbox": "until it is sent",
    "outbox_sent": "a week: the relay drops whole days",
    "parked": "until its fact arrives, half a minute at most, or the right key is back",
    "key_check": "one row: tells a wrong ENCRYPTION_KEY",
    "sealed_columns": "a row a column: what is sealed with ENCRYPTION_KEY",
    "journal_start": "one row: where the journal begins",
    "journal_links": "as their entry of the journal",
    "journal_unsealed": "until it is sealed, within seconds",
    "upload_rows": "until they are worked on",
    "upload_taken": "until all rows are worked on",
    "upload_errors": "as their upload",
    "counts": "a number for each table and state",
    "count_changes": "until it is summed up, within seconds",
}


def rules(inbox: timedelta) -> tuple[Rule, ...]:
    """Those of the tables that every service has."""
    month = timedelta(days=30)
    return (
        Rule("inbox", "received_at", inbox),
        Rule("quarantine", "dropped_at", month),
        Rule("quarantine", "redriven_at", month),
        JOURNAL,
        Rule("uploads", "finished_at", month),
        Rule("uploads", "created_at", timedelta(hours=1), "state = 'receiving'"),
    )


async def run(store: Store, kept: Sequence[Rule]) -> None:
    """Look every ten minutes, for ever; forget all whose time is over."""
    while True:
        done = 0
        try:
            done = await tidy(store.pool, kept, clock.now())
        except DATABASE_ERRORS as error:
            log.warning("pruning_failed", error=describe(error))
        await asyncio.sleep(PAUSE_S if done == ROWS_MAX else LOOK_EVERY_S)


async def tidy(pool: Pool, kept: Sequence[Rule], at: datetime) -> int:
    """One transaction a rule; returns the most that one of them forgot."""
    return max([await prune(pool, rule, at) for rule in kept], default=0)


async def prune(pool: Pool, rule: Rule, at: datetime) -> int:
    """Forget at most ROWS_MAX; returns how many: none while another replica is at it."""
    async with pool.acquire() as tx, tx.transaction():
        if not await tx.fetchval(SQL["try_lock"], PRUNE_LOCK):
            return 0
        if rule is JOURNAL:
            done = await _prune_journal(tx, at - rule.kept)
        else:
            said = await tx.execute(rule.sql, at - rule.kept, ROWS_MAX)
            done = int(said.removeprefix("DELETE "))
        if done:
            failpoint.passing("retention", "before-commit")
    if done:
        failpoint.passing("retention", "after-commit")
    return done


async def _prune_journal(tx: Tx, before: datetime) -> int:
    """The chain's old links up to the first younger one; where it then begins is noted and told."""
    rows = await tx.fetch(SQL["first_links"], ROWS_MAX)
    old = list(takewhile(lambda row: row["happened_at"] < before, rows))
    if old:
        await tx.execute(SQL["move_journal_start"], old[-1]["link"], old[-1]["hash"])
        await tx.execute(SQL["prune_journal"], old[-1]["link"])
        await tx.execute(SQL["prune_links"], old[-1]["link"])
        log.info("journal_pruned", count=old[-1]["link"], hash=old[-1]["hash"].hex())
    return len(old)


async def keep_partitions(connection: Tx, today: date) -> None:
    """Days of `outbox_sent` for today and tomorrow; those past a week are dropped, by the relay."""
    await connection.execute(SQL["keep_sent_partitions"], today, today - SENT_KEPT)
