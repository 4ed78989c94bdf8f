"""HTTP IN for the operator: what is stuck, failed documents among it, and the journal."""

from collections.abc import Sequence
from typing import Annotated

from chassis import operating
from chassis.database import Tx
from chassis.operating import Stuck
from chassis.tokens import Principal

from documents import door_store


async def _failed(tx: Tx) -> tuple[dict[str, int], Sequence[Stuck]]:
    """Documents that could not be built, by their certificate; each is tried again."""
    count, rows = await door_store.failed(tx, operating.ROWS_MAX)
    items = [
        Stuck(kind="document", id=str(row["certificate_id"]), reason=row["reason"],
              due_at=row["retry_at"])
        for row in rows
    ]  # fmt: skip
    return {"document": count}, items


AnOperator = Annotated[Principal, operating.known_by(door_store.is_operator)]
router = operating.router(AnOperator, _failed)
