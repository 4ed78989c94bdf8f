"""A wrong ENCRYPTION_KEY is told at the start, before it seals anything.

A key may be wellformed and yet not the one that what is stored was sealed with. It may be changed
while a process is cut off from the database: so each session that is opened later looks once more.
"""

from cryptography.exceptions import InvalidTag

from chassis.crypto import seal, unseal
from chassis.database import Pool, Tx
from chassis.queries import load

SQL = load("chassis")
ABOUT = b"key_check"


class AnotherKey(ConnectionError):
    """The key was changed since this process has looked: it is given no session any more."""


async def expect_same_key(pool: Pool, key: bytes) -> None:
    """The first key that ever comes is the service's. Raises SystemExit for another one."""
    await pool.execute(SQL["make_key_check"], seal(key, b"", ABOUT))
    known = await pool.fetchrow(SQL["key_check"])
    assert known is not None
    if known["next"] is not None:
        raise SystemExit(
            "ENCRYPTION_KEY is being changed, and that is not done: run python -m chassis.rewrap"
            " with both keys until it says Done, and start again."
        )
    if not _opens(key, known["sealed"]):
        raise SystemExit(
            "ENCRYPTION_KEY is not the key that this database was written with."
            " Put that key back from your copy of the secrets and start again."
        )


async def look(session: Tx, key: bytes) -> None:
    """Before a new session does anything. Raises AnotherKey also while the key is being changed."""
    known = await session.fetchrow(SQL["key_check"])
    if known and (known["next"] is not None or not _opens(key, known["sealed"])):
        raise AnotherKey


def _opens(key: bytes, sealed: bytes) -> bool:
    try:
        unseal(key, sealed, ABOUT)
    except InvalidTag:
        return False
    return True
