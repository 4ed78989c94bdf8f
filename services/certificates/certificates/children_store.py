"""STATE of who has signed in, without naming a child: who they are, and whose pages are theirs."""

from typing import Final, NamedTuple
from uuid import UUID

from chassis.database import Tx

from certificates.store import SQL

CHILDREN_MAX: Final = 200


class Signed(NamedTuple):
    """What identity has told of who has signed in; nothing yet, perhaps."""

    is_parent: bool = False
    erased: bool = False


async def person(tx: Tx, user_id: UUID) -> Signed:
    row = await tx.fetchrow(SQL["signed_in_person"], user_id)
    return Signed(row["is_parent"], row["erased"]) if row else Signed()


async def children_of(tx: Tx, user_id: UUID) -> list[UUID]:
    """Whose pages are this user's: a student's own first, then linked children."""
    rows = await tx.fetch(SQL["children_of"], user_id, CHILDREN_MAX)
    return [row["child_id"] for row in rows]
