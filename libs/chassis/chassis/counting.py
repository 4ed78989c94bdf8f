"""How many rows of each state a service has, as a metric that costs the same at any size (ADR 20).

Triggers note what each statement changed (`count_by` in a migration); here the notes are summed up.
Every replica tells the same numbers.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from chassis.database import DATABASE_ERRORS, Pool, describe
from chassis.metrics import OLDEST_S, STORED
from chassis.outbox import Store
from chassis.queries import load

log = structlog.get_logger()
SQL = load("chassis")
COUNT_LOCK: Final = 0x636E74
ROWS_MAX: Final = 10_000
LOOK_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Oldest:
    """The age of the oldest row of `table` in this `state`, by its column `since`.

    A partial index must find it: the table may have ten million rows.
    """

    table: str
    column: str
    state: str
    since: str

    @property
    def sql(self) -> str:
        """Composed: names of a table and of columns are no parameters."""
        return (
            f"SELECT coalesce(extract(epoch FROM now() - min({self.since})), 0)::float"  # noqa: S608  ours
            f" FROM {self.table} WHERE {self.column} = '{self.state}'"
        )


async def run(store: Store, oldest: Sequence[Oldest]) -> None:
    """Tell for ever."""
    while True:
        try:
            await tell(store.pool, oldest)
        except DATABASE_ERRORS as error:
            log.warning("counting_failed", error=describe(error))
        await asyncio.sleep(LOOK_EVERY_S)


async def tell(pool: Pool, oldest: Sequence[Oldest]) -> None:
    """Sum up what was noted, and set the metrics."""
    while await sum_up(pool) == ROWS_MAX:
        pass
    for row in await pool.fetch(SQL["counts"]):
        STORED.labels(row["relation"], row["state"]).set(row["rows"])
    for one in oldest:
        OLDEST_S.labels(one.table, one.state).set(await pool.fetchval(one.sql))


async def sum_up(pool: Pool) -> int:
    """At most ROWS_MAX notes; returns how many: none while another replica is at it."""
    async with pool.acquire() as tx, tx.transaction():
        if not await tx.fetchval(SQL["try_lock"], COUNT_LOCK):
            return 0
        return int(await tx.fetchval(SQL["sum_up_counts"], ROWS_MAX))
