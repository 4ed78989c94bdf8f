"""Another ENCRYPTION_KEY: all that is sealed under the old one is wrapped anew, batch by batch.

python -m chassis.rewrap

takes the settings of the stopped service whose database is meant: ENCRYPTION_KEY is the new key,
OLD_ENCRYPTION_KEY the old one. A row is under the old key or under the new one at any moment, never
under neither; broken off, the command is run again with the same keys, and until it is done no
service starts. Afterwards services start with the new key only.
"""

import base64
import sys
from collections.abc import Callable
from typing import Any, Final

from cryptography.exceptions import InvalidTag

from chassis import settings
from chassis.command_line import Refused, answer, described
from chassis.crypto import seal, unseal
from chassis.database import Pool, Tx, open_pool
from chassis.key_check import ABOUT
from chassis.queries import load
from chassis.settings import Key

SQL = load("chassis")
ROWS_MAX: Final = 500
REWRAP_LOCK: Final = 0x726577


class Settings(settings.ServiceSettings):
    http_port: int = 0
    old_encryption_key: Key

    @property
    def old_key_bytes(self) -> bytes:
        return base64.urlsafe_b64decode(self.old_encryption_key.get_secret_value().encode())


async def rewrap(
    pool: Pool, old: bytes, new: bytes, tell: Callable[[str], None], rows_max: int = ROWS_MAX
) -> None:
    """Wrap everything anew; `tell` hears how far it is. Raises Refused."""
    async with pool.acquire() as tx:
        if not await tx.fetchval("SELECT pg_try_advisory_lock($1)", REWRAP_LOCK):
            raise Refused("Another run of this command is at work: let it end.")
        try:
            if await _begin(tx, old, new):
                await _expect_nobody_else(tx)  # who came since then, or in spite of it
                for column in await tx.fetch(SQL["sealed_columns"]):
                    await _column(tx, column, (old, new), tell, rows_max)
                await tx.execute(SQL["end_rewrap"])
        finally:
            await tx.execute("SELECT pg_advisory_unlock($1)", REWRAP_LOCK)
    tell("Done: the service starts with the new key, and with no other.")


async def _begin(tx: Tx, old: bytes, new: bytes) -> bool:
    """From now on no service starts. False where all was done before. Raises Refused."""
    async with tx.transaction():
        row = await tx.fetchrow(SQL["lock_key_check"])
        if row is None:
            raise Refused("Nothing was ever sealed here: start the service with the new key.")
        if row["next"] is None and _opens(new, row["sealed"], ABOUT):
            return False
        if not _opens(old, row["sealed"], ABOUT):
            raise Refused("OLD_ENCRYPTION_KEY is not the key that this database was written with.")
        if row["next"] is None:
            await _expect_nobody_else(tx)
            await tx.execute(SQL["begin_rewrap"], seal(new, b"", ABOUT))
        elif not _opens(new, row["next"], ABOUT):
            raise Refused("This was begun with another new key: finish it with that one first.")
    return True


async def _expect_nobody_else(tx: Tx) -> None:
    """A process holds sessions from before it looks at its key until it ends. Raises Refused.

    So whoever looked before `_begin` committed, and would go on sealing with the old key, is seen.
    Who is cut off from the database just now looks again before it does anything (`key_check`).
    """
    if running := await tx.fetchval(SQL["count_sessions"]):
        raise Refused(
            f"The service is still running, or somebody else works as its role ({running}"
            " sessions): stop it, and run this command again."
        )


async def _column(
    tx: Tx, column: Any, keys: tuple[bytes, bytes], tell: Callable[[str], None], rows_max: int
) -> None:
    """One column from its first row to its last. What is under the new key already stays."""
    name, last = f"{column['relation']}.{column['sealed_column']}", None
    done = lost = 0
    while True:
        async with tx.transaction():
            rows = await _batch(tx, column, last, rows_max)
            wrapped = [(row["id"], _wrapped(keys, row["sealed"], row["about"])) for row in rows]
            changed = [(row_id, sealed) for row_id, sealed in wrapped if sealed]
            await tx.executemany(_UPDATE.format(**column), changed)
        if not rows:
            break
        last, done = rows[-1]["id"], done + len(rows)
        lost += sum(sealed is None for _, sealed in wrapped)
        tell(f"{name}: {done} rows")
    if lost:
        tell(f"{name}: {lost} of them open with neither key, and stay as they are.")


# Names and expressions of `sealed_columns`, which migrations write.
_BATCH: Final = (
    "SELECT {id_column} AS id, {about} AS about, {sealed_column} AS sealed FROM {relation}"
    " WHERE {sealed_column} IS NOT NULL {after} ORDER BY {id_column} LIMIT $1 FOR UPDATE"
)
_UPDATE: Final = "UPDATE {relation} SET {sealed_column} = $2 WHERE {id_column} = $1"


async def _batch(tx: Tx, column: Any, last: Any, rows_max: int) -> list[Any]:
    after = "" if last is None else f"AND {column['id_column']} > $2"
    query = _BATCH.format(**column, after=after)
    return list(await tx.fetch(query, rows_max, *([] if last is None else [last])))


def _wrapped(keys: tuple[bytes, bytes], sealed: bytes, about: bytes) -> bytes | None:
    """The same under the new key; None where neither key opens it."""
    old, new = keys
    try:
        return seal(new, unseal(old, sealed, about), about)
    except InvalidTag:
        return sealed if _opens(new, sealed, about) else None


def _opens(key: bytes, sealed: bytes, about: bytes) -> bool:
    try:
        unseal(key, sealed, about)
    except InvalidTag:
        return False
    return True


async def run(configured: Settings, tell: Callable[[str], None]) -> None:
    """By the settings. Raises Refused."""
    if configured.key_bytes == configured.old_key_bytes:
        raise Refused("ENCRYPTION_KEY and OLD_ENCRYPTION_KEY are the same: make a new one first.")
    # Not one session more than is needed: what else there is of the role is a running service.
    pool = await open_pool(configured, sessions=1)
    try:
        await rewrap(pool, configured.old_key_bytes, configured.key_bytes, tell)
    finally:
        await pool.close()


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    described("chassis.rewrap", __doc__).parse_args()
    answer(run(settings.load(Settings), _tell))


if __name__ == "__main__":
    main()
