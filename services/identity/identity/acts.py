"""THE place where an act of a person is journalled: who did what to whom, and when.

One call an act, inside its transaction. `chassis.journal` takes it from here once it exists: every
argument has the meaning of its entry. Names, logins and what was typed are never passed in.
"""

from datetime import datetime
from uuid import UUID

import structlog
from chassis.database import Tx

log = structlog.get_logger()


async def record(
    _tx: Tx, *, at: datetime, actor_id: UUID | None, actor: str, action: str, subject: UUID
) -> None:
    """`actor`: as whom (operator, user, system); `action`: like user.merged."""
    what = f"{actor} {action} at {at.isoformat(timespec='seconds')}"
    log.info("act", reason=what, id=str(subject), place=str(actor_id))
