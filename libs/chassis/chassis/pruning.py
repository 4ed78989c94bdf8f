"""The inbox forgets events that are too old to come again; what they did is in the state (ADR 8).

In small transactions with pauses, so that nobody waits; of several replicas one at a time.
"""

import asyncio
from datetime import timedelta

import asyncpg
import structlog

from chassis.database import Pool, describe
from chassis.outbox import Store
from chassis.queries import load

log = structlog.get_logger()
SQL = load("chassis")
PRUNE_LOCK = 0x7072756E
ROWS_MAX = 1000
PAUSE_S = 0.05  # some 10,000 rows a second: more than the busiest region writes
LOOK_EVERY_S = 3600.0


async def run(store: Store, kept: timedelta) -> None:
    """Look every hour, for ever; forget all that is older than `kept`."""
    while True:
        done = 0
        try:
            done = await prune(store.pool, kept)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("pruning_failed", error=describe(error))
        await asyncio.sleep(PAUSE_S if done == ROWS_MAX else LOOK_EVERY_S)


async def prune(pool: Pool, kept: timedelta) -> int:
    """Forget at most ROWS_MAX; returns how many: none while another replica is at it."""
    async with pool.acquire() as tx, tx.transaction():
        if not await tx.fetchval("SELECT pg_try_advisory_xact_lock($1)", PRUNE_LOCK):
            return 0
        done = await tx.execute(SQL["prune_inbox"], kept, ROWS_MAX)
    return int(done.removeprefix("DELETE "))
