"""The pool, and which database errors pass by themselves."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import structlog

from chassis.settings import DatabaseSettings

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Tx: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
    Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
else:
    Tx = asyncpg.Connection
    Pool = asyncpg.Pool

log = structlog.get_logger()

WAIT_S_MAX = 60.0
# asyncpg says "not connected" by either of its own two, as the moment of the loss has it.
CLIENT_ERRORS = (asyncpg.InterfaceError, asyncpg.InternalClientError)
DATABASE_ERRORS = (asyncpg.PostgresError, *CLIENT_ERRORS, OSError)
# Connection, rollback by the server, resources (a full disk), operator, system, lock timeout.
_PASSING_CLASSES = ("08", "40", "53", "57", "58", "55P03", "25006")
# Only its words tell a lost connection from a defect of ours, such as a value that does not fit.
_LOST = (
    *("connection is closed", "released back to the pool", "pool is closing", "pool is closed"),
    *("protocol", "another operation ("),  # what the connection was doing when it was lost
)


def is_transient(error: BaseException) -> bool:
    """Whether trying again later may help: connection, deadlock, timeout, full disk."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_PASSING_CLASSES)
    if isinstance(error, asyncpg.OutdatedSchemaCacheError):
        return True
    if isinstance(error, CLIENT_ERRORS):
        return any(words in str(error) for words in _LOST)
    return isinstance(error, (OSError, TimeoutError))


def describe(error: BaseException) -> str:
    """Class and SQLSTATE only: a database's message may repeat the row."""
    state = getattr(error, "sqlstate", None)
    return f"{type(error).__name__}{f' {state}' if state else ''}"


async def open_pool(
    settings: DatabaseSettings,
    sessions: int | None = None,
    look: Callable[[Tx], Coroutine[None, None, None]] | None = None,
    advice: str = "Check both and start again.",
) -> Pool:
    """A pool, waiting up to a minute for a database that is just starting.

    It has as many sessions as the settings say, or exactly `sessions`; each begins with a `look`.
    Raises SystemExit with one sentence where it does not answer or, with `advice`, where it
    refuses the sign-in.
    """
    deadline = asyncio.get_running_loop().time() + WAIT_S_MAX
    while True:
        try:
            return await asyncpg.create_pool(
                settings.database_url,
                password=settings.database_password.get_secret_value(),
                min_size=sessions or 2,
                max_size=sessions or settings.database_pool_size,
                command_timeout=60,
                timeout=5,
                init=look,
                reset=_as_it_is,
            )
        except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
            raise SystemExit(
                f"PostgreSQL refuses DATABASE_URL with this DATABASE_PASSWORD. {advice}"
            ) from None
        except (asyncpg.PostgresError, OSError, TimeoutError) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise SystemExit(
                    f"PostgreSQL did not answer for {WAIT_S_MAX:.0f} s ({describe(error)})."
                    " Check DATABASE_URL and that the database runs."
                ) from None
            log.warning("database_not_ready", error=describe(error))
            await asyncio.sleep(1)


async def _as_it_is(_connection: Tx) -> None:
    """We set nothing in a session, and a reset would cost one more round trip each time.

    Whoever takes a lock of the session gives it back, or ends the session.
    """
