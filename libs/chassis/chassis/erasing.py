"""A user's tombstone becomes what a service destroyed, and its word for it (ADR 16)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from contracts import Tombstone, caused_by
from contracts.events import PersonErased

from chassis import clock
from chassis.database import Tx
from chassis.handlers import Effects
from chassis.records import Item

Erase = Callable[[Tx, Mapping[UUID, Tombstone], datetime], Awaitable[dict[UUID, dict[str, int]]]]


async def erase(
    tx: Tx, items: Sequence[Item], erase_people: Erase, service: str
) -> tuple[Effects, Mapping[UUID, Item]]:
    """Whom the tombstones name goes by `erase_people`, and `PersonErased` says how much of what.

    Returns the effects, and all who were named with the tombstone of each. A key that is no user id
    is refused.
    """
    effects = Effects()
    named: dict[UUID, Item] = {}
    for item in items:
        try:
            named[UUID(item.received.key)] = item
        except ValueError:
            effects.refused.append((item, "bad_key: the key is no user id"))
    tombstones = {who: cast("Tombstone", item.received.event) for who, item in named.items()}
    at = clock.now()
    for who, counts in (await erase_people(tx, tombstones, at)).items():
        done = PersonErased(
            service=service, user_id=who, version=tombstones[who].version or 0,
            counts=counts, erased_at=at,
        )  # fmt: skip
        cause = named[who].received
        effects.events.append(caused_by(cause, done, source=f"/{service}", time=at))
    return effects, named
