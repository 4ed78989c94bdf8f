"""A wrong ENCRYPTION_KEY is told at the start, before it seals anything.

A key may be wellformed and yet not the one that what is stored was sealed with.
"""

from cryptography.exceptions import InvalidTag

from chassis.crypto import seal, unseal
from chassis.database import Pool
from chassis.queries import load

SQL = load("chassis")
ABOUT = b"key_check"


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
    try:
        unseal(key, known["sealed"], ABOUT)
    except InvalidTag:
        raise SystemExit(
            "ENCRYPTION_KEY is not the key that this database was written with."
            " Put that key back from your copy of the secrets and start again."
        ) from None
