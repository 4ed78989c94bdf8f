"""The tables are made and changed by their owner, in a process of its own that ends (ADR 24).

python -m chassis.migrate certificates

DATABASE_URL and DATABASE_PASSWORD are the owner's, SERVICE_ROLE is the role of the service. Run
again it changes nothing; of two at once one waits for the other.
"""

import asyncio
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import asyncpg
import yoyo
from psycopg import sql
from psycopg.errors import DeadlockDetected, LockNotAvailable

from chassis import settings
from chassis.command_line import Refused, answer, described
from chassis.database import Tx, open_pool
from chassis.migrations import CHASSIS_MIGRATIONS, applied
from chassis.queries import load

SQL = load("chassis")
GRANTS: Final = (Path(__file__).parent / "grants.sql").read_text(encoding="utf-8")
MIGRATION_LOCK: Final = 0x6D6967
TURN_S_MAX: Final = 3600.0  # another one may have much to migrate
GRANT_TRIES: Final = 5
NO_OWNER: Final = (
    "Check both. Where the services owned their tables until now there is no owner yet:"
    " run docker/postgres/databases.sh (docs/operators-guide.md)."
)


class Settings(settings.DatabaseSettings):
    service_role: str


class Patience(NamedTuple):
    """With who holds a table, such as pg_dump: behind a change that waits all others wait too."""

    lock_ms: int = 5000
    tries: int = 12
    pause_s: float = 5.0


async def migrate(
    configured: Settings,
    folder: Path | None,
    patience: Patience = Patience(),  # noqa: B008  it is immutable
) -> int:
    """Apply the plain SQL files of the chassis and of `folder`, once, and say who may do what.

    Returns how many were new. Raises Refused.
    """
    pool = await open_pool(configured, sessions=1, advice=NO_OWNER)
    try:
        async with pool.acquire() as tx:  # the lock ends with the session
            await tx.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK, timeout=TURN_S_MAX)
            await _expect_owner(tx, configured.service_role)
            folders = [CHASSIS_MIGRATIONS, *([folder] if folder else [])]
            await _expect_own(tx, folders)
            count = await asyncio.to_thread(_apply, configured, folders, patience)
            await _grant(tx, configured.service_role)
            return count
    finally:
        await pool.close()


async def _expect_owner(tx: Tx, service_role: str) -> None:
    if not await tx.fetchval(SQL["owns_all"]):
        raise Refused(
            "DATABASE_URL names a role that does not own this database and all that is in it:"
            " run docker/postgres/databases.sh (docs/operators-guide.md), or name the owner."
        )
    if await tx.fetchval(SQL["is_me"], service_role):
        raise Refused("SERVICE_ROLE is the owner itself: name the role that the service has.")


async def _expect_own(tx: Tx, folders: Sequence[Path]) -> None:
    """Each service has a database of its own, and each folder begins with a name of its own."""
    ours = {file.stem for folder in folders for file in folder.glob("*.sql")}
    for other in sorted(await applied(tx) - ours):
        if other.startswith("0001_"):
            raise Refused(
                f"DATABASE_URL is the database of {other.removeprefix('0001_')}:"
                " name the one of this service."
            )


def _apply(configured: Settings, folders: Sequence[Path], patience: Patience) -> int:
    backend = yoyo.get_backend(_url(configured, patience.lock_ms))
    count = 0
    try:
        for folder in folders:
            for migration in backend.to_apply(yoyo.read_migrations(str(folder))):
                _apply_one(backend, migration, patience)
                count += 1
    finally:
        backend.connection.close()
    return count


def _url(configured: Settings, lock_ms: int) -> str:
    parts = urlsplit(configured.database_url)
    password = quote(configured.database_password.get_secret_value(), safe="")
    netloc = f"{parts.username}:{password}@{parts.netloc.rpartition('@')[2]}"
    options = urlencode({"options": f"-c lock_timeout={lock_ms}"})
    query = f"{parts.query}&{options}" if parts.query else options
    return urlunsplit(("postgresql+psycopg", netloc, parts.path, query, ""))


def _apply_one(backend: Any, migration: Any, patience: Patience) -> None:
    """All of it or nothing: so it can be tried again."""
    for _ in range(patience.tries):
        try:
            backend.apply_one(migration)
        except (LockNotAvailable, DeadlockDetected):
            time.sleep(patience.pause_s)
        else:
            return
    raise Refused(
        f"{migration.id} was not applied: a table is in use, perhaps by a backup (pg_dump)."
        " Wait for its end and run this again; what was applied before stays."
    )


async def _grant(tx: Tx, service_role: str) -> None:
    statements = sql.SQL(GRANTS).format(service=sql.Identifier(service_role)).as_string()
    for _ in range(GRANT_TRIES):
        try:
            async with tx.transaction():
                await tx.execute(statements)
        except asyncpg.UndefinedObjectError:
            raise Refused(
                f"There is no role {service_role}: make it, or correct SERVICE_ROLE."
            ) from None
        except (asyncpg.InternalServerError, asyncpg.DeadlockDetectedError):
            continue  # a service makes or drops the table of a day: "tuple concurrently updated"
        else:
            return
    raise Refused("The tables are changing all the time: stop the services and run this again.")


def folder_of(service: str) -> Path:
    """Beside the service's package. Raises Refused."""
    found = find_spec(service)
    folder = found and found.origin and Path(found.origin).parent.parent / "migrations"
    if not (folder and folder.is_dir()) or folder == CHASSIS_MIGRATIONS:
        raise Refused(f"There is no service {service} here.")
    return folder


async def run(service: str) -> list[str]:
    folder = folder_of(service)
    count = await migrate(settings.load(Settings), folder)
    return [f"The database of {service} is as this release needs it; {count} migrations were new."]


def main() -> None:
    parser = described("chassis.migrate", __doc__)
    parser.add_argument("service")
    answer(run(parser.parse_args().service))


if __name__ == "__main__":
    main()
