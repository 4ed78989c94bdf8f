"""THE place where an act of a person is journalled: who did what to whom, and when.

One call an act, inside its transaction. Names, logins and what was typed are never passed in.
"""

import getpass
import os
import sys
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from chassis import clock, journal
from chassis.database import Tx


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
    """`actor`: as whom (operator, user, cli, system); `action`: like user.merged."""
    entry = journal.Entry(at, actor_id, actor, action, subject, details=details)
    await journal.append(tx, [entry])


async def by_command(tx: Tx, action: str, subject: UUID, details: str = "") -> None:
    """An act of whoever runs a command on the machine, where nobody has signed in."""
    told = f"os user {os_user()}" + (f"; {details}" if details else "")
    await record(
        tx, at=clock.now(), actor_id=None, actor="cli", action=action, subject=subject,
        details=told,
    )  # fmt: skip


def os_user() -> str:
    """As the operating system knows them; the environment may say anything."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd  # noqa: PLC0415  there is none on Windows

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container its user may have no name
        return f"uid {os.getuid()}"


async def saw_children(tx: Tx, *, at: datetime, parent_id: UUID, children: Iterable[UUID]) -> None:
    """A parent was shown the names and birth dates of these children."""
    seen = [journal.Entry(at, parent_id, "parent", "child.looked_at", one) for one in children]
    await journal.looks(tx, seen)
