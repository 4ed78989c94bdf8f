"""What is kept for a while only: keys of repeated requests, counts of wrong passwords, imports."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import structlog
from chassis import clock
from chassis.database import describe
from chassis.outbox import Store

from identity import sign_ins, staging, store

log = structlog.get_logger()
KEYS_KEPT: Final = timedelta(days=7)
TRIES_KEPT: Final = timedelta(days=1)
UPLOADS_KEPT: Final = timedelta(hours=1)
IMPORTS_KEPT: Final = timedelta(days=30)
PAUSE_S: Final = 600.0


async def run(store_: Store) -> None:
    """For ever, every ten minutes; several replicas may do it at once."""
    while True:
        try:
            await tidy(store_, clock.now())
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("not_tidied", error=describe(error))
        await asyncio.sleep(PAUSE_S)


async def tidy(store_: Store, at: datetime) -> None:
    """Delete what has been kept for long enough."""
    async with store_.pool.acquire() as tx:
        await store.forget_keys(tx, at - KEYS_KEPT)
        await sign_ins.forget_old_tries(tx, at - TRIES_KEPT)
        await staging.forget_imports(tx, at - UPLOADS_KEPT, at - IMPORTS_KEPT)
