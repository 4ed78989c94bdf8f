"""Which migrations there are, and that a database has those that this release needs (ADR 24).

A newer database is fine: a replica of before starts beside the tables of a later release.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import asyncpg
import structlog

from chassis.database import Pool, Tx
from chassis.queries import load

log = structlog.get_logger()
SQL = load("chassis")
CHASSIS_MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
MIGRATED_S_MAX: Final = 60.0


async def expect_migrated(
    pool: Pool, service: str, folder: Path, wait_s: float = MIGRATED_S_MAX
) -> None:
    """Wait for who is just migrating. Raises SystemExit with one sentence where nobody does."""
    deadline = asyncio.get_running_loop().time() + wait_s
    while missing := await lacking(pool, folder):
        if asyncio.get_running_loop().time() > deadline:
            raise SystemExit(
                f"The database lacks {len(missing)} migrations, the first is {missing[0]}."
                f" Run python -m chassis.migrate {service}, with the owner's password."
            )
        log.warning("database_not_migrated", count=len(missing))
        await asyncio.sleep(1)
    if await pool.fetchval(SQL["owns_journal"]):
        raise SystemExit(
            "DATABASE_URL signs in as who owns the tables and could change the journal."
            " Name the service's own role in it, and start again."
        )


async def lacking(pool: Pool, folder: Path) -> Sequence[str]:
    """The migrations of the chassis and of `folder` that were not applied, in their order."""
    done = await applied(pool)
    needed = [
        file.stem for one in (CHASSIS_MIGRATIONS, folder) for file in sorted(one.glob("*.sql"))
    ]
    return [name for name in needed if name not in done]


async def applied(tx: Pool | Tx) -> set[str]:
    """None where nobody has migrated yet."""
    try:
        return {row["migration_id"] for row in await tx.fetch(SQL["applied_migrations"])}
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        return set()
