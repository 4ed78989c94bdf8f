"""STATE of consents that end, and of what was asked for under them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from chassis import journal
from chassis.database import Tx
from contracts.values import RefusalCode

from certificates import consent
from certificates.store import SQL


async def withdraw_consent(tx: Tx, child_id: UUID, user_id: UUID, at: datetime) -> bool:
    """False if there was none."""
    known = (child_id, user_id, consent.PURPOSE, at)
    return bool(await tx.fetchval(SQL["withdraw_consent"], *known))


async def refuse_waiting(
    tx: Tx, asked: Sequence[tuple[UUID, UUID]], at: datetime
) -> list[asyncpg.Record]:
    """Of each (child, user): what is not decided; the caller has locked the children."""
    children, users = [child_id for child_id, _ in asked], [user_id for _, user_id in asked]
    code = RefusalCode.consent_withdrawn
    rows = await tx.fetch(SQL["refuse_waiting"], children, users, code)
    await journal.append(tx, [
        journal.Entry(at, None, "system", "refused", row["child_id"], details=code) for row in rows
    ])  # fmt: skip
    return list(rows)


async def lock_families(tx: Tx, user_ids: Sequence[UUID]) -> None:
    """These users, and the children for whom they agreed: nobody presses or agrees meanwhile."""
    for _ in range(2):  # once more for whom one of them agreed until the first lock was there
        await tx.execute(SQL["lock_families"], user_ids)


async def end_consents(tx: Tx, erased: Sequence[UUID], at: datetime) -> list[tuple[UUID, UUID]]:
    """Those for an erased child, and those that an erased parent gave.

    Where the child's data stay, one waits for a decision as if it was withdrawn. Returns (child,
    parent) of those that stood.
    """
    rows = await tx.fetch(SQL["end_consents"], erased, at)
    return [(row["child_id"], row["given_by"]) for row in rows if row["stood"]]
