"""STATE of signing in: passwords, machine clients, wrong tries. As store.py, with its queries."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from chassis.database import Tx

from identity.store import SQL
from identity.throttle import Tries


async def credentials(tx: Tx, login: str) -> asyncpg.Record | None:
    """user_id, roles, organization, scopes, and the password of who has this login."""
    return await tx.fetchrow(SQL["credentials"], login)


async def by_logins(tx: Tx, logins: Iterable[str]) -> dict[str, UUID]:
    """Users by login (lower case)."""
    rows = await tx.fetch(SQL["by_logins"], [login.lower() for login in logins])
    return {row["login"]: row["user_id"] for row in rows}


async def save_passwords(
    tx: Tx, hashes: Mapping[UUID, str], at: datetime, *, must_change: bool = False
) -> None:
    await tx.execute(SQL["save_passwords"], list(hashes), list(hashes.values()), at, must_change)


async def password_of(tx: Tx, user_id: UUID) -> asyncpg.Record | None:
    """login, hash, must_change, set_at of who can sign in."""
    return await tx.fetchrow(SQL["password_of"], user_id)


async def replace_password(tx: Tx, user_id: UUID, old: str, new: str, at: datetime) -> bool:
    """False where the hash `old` is no longer the stored one."""
    return await tx.fetchval(SQL["replace_password"], user_id, old, new, at) is not None


async def save_client(tx: Tx, user_id: UUID, scopes: Sequence[str]) -> None:
    await tx.execute(SQL["save_client"], user_id, scopes)


async def lock_tries(tx: Tx, subjects: Sequence[bytes]) -> dict[bytes, Tries]:
    """What is counted of these; nobody else counts them until the transaction ends."""
    await tx.execute(SQL["lock_subjects"], subjects)
    rows = await tx.fetch(SQL["tries"], subjects)
    return {
        row["subject"]: Tries(row["tries"], row["in_flight"], row["last_at"], row["open_at"])
        for row in rows
    }


async def save_tries(tx: Tx, tries: Mapping[bytes, Tries]) -> None:
    """Where there is nothing to keep, nothing is kept."""
    kept = {subject: one for subject, one in tries.items() if not one.is_nothing}
    await tx.execute(SQL["forget_tries"], [one for one in tries if one not in kept])
    await tx.execute(
        SQL["save_tries"],
        list(kept),
        [one.count for one in kept.values()],
        [one.in_flight for one in kept.values()],
        [one.last_at for one in kept.values()],
        [one.open_at for one in kept.values()],
    )
