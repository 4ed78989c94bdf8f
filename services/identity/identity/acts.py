"""THE place where an act of a person is journalled: who did what to whom, and when.

One call an act, inside its transaction. Names, logins and what was typed are never passed in.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis import journal
from chassis.database import Tx

BY_FILE: Final = "из файла"  # the family reads it


async def record(
    tx: Tx,
    *,
    at: datetime,
    actor_id: UUID | None,
    actor: str,
    action: str,
    subject: UUID,
    details: str = "",
) -> None:
    """`actor`: as whom (operator, user, system); `action`: like user.merged."""
    entry = journal.Entry(at, actor_id, actor, action, subject, details=details)
    await journal.append(tx, [entry])


async def record_file(
    tx: Tx, *, at: datetime, actor_id: UUID, acts: Iterable[tuple[str, UUID]]
) -> None:
    """What an operator's uploaded file did: action and subject of each, as of acts one by one."""
    done = [
        journal.Entry(at, actor_id, "operator", action, subject, details=BY_FILE)
        for action, subject in acts
    ]
    await journal.append(tx, done)


async def saw_children(tx: Tx, *, at: datetime, parent_id: UUID, children: Iterable[UUID]) -> None:
    """A parent was shown the names and birth dates of these children."""
    seen = [journal.Entry(at, parent_id, "parent", "child.looked_at", one) for one in children]
    await journal.looks(tx, seen)
