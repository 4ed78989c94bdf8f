"""STATE of consents that end, and of what was asked for under them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from chassis.database import Tx
from contracts.values import RefusalCode

from certificates import consent
from certificates.store import SQL


async def withdraw_consent(tx: Tx, child_id: UUID, user_id: UUID, at: datetime) -> bool:
    """False if there was none."""
    known = (child_id, user_id, consent.PURPOSE, at)
    return bool(await tx.fetchval(SQL["withdraw_consent"], *known))


async def refuse_waiting(
    tx: Tx, child_id: UUID, user_id: UUID, code: RefusalCode
) -> list[asyncpg.Record]:
    """What this user asked for the child and is not decided; the caller has locked the child."""
    return list(await tx.fetch(SQL["refuse_waiting"], child_id, user_id, code.value))


async def end_consents(tx: Tx, child_ids: Sequence[UUID], at: datetime) -> None:
    """With the child's data each consent ends: one that stands at this moment, and what waits."""
    await tx.execute(SQL["end_consents"], child_ids, at)
