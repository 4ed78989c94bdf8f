"""What the routes need besides the request: the store, the keys, and who the operator is."""

from dataclasses import dataclass, field
from typing import Annotated
from zoneinfo import ZoneInfo

from chassis import clock, operating
from chassis.outbox import Store
from chassis.tokens import Principal
from fastapi import Depends, Request

from identity import store
from identity.changes import Cause
from identity.hashing import Hashing
from identity.keys import KeyRing
from identity.turns import Turns


@dataclass(slots=True)
class Doors:
    """What the routes need besides the database. The key ring is made when the pool is open."""

    zone: ZoneInfo
    master_key: bytes
    hashing: Hashing
    turns: Turns = field(default_factory=Turns)
    ring: KeyRing | None = None

    def key_ring(self, store_: Store) -> KeyRing:
        if self.ring is None:
            self.ring = KeyRing(store_.pool, self.master_key)
        return self.ring


async def _doors(request: Request) -> Doors:
    found: Doors = request.app.state.service
    return found


TheDoors = Annotated[Doors, Depends(_doors)]


async def _cause(request: Request) -> Cause:
    scope = request.scope
    return Cause(clock.now(), scope["request_id"], scope.get("traceparent"))


AnOperator = Annotated[Principal, operating.known_by(store.is_operator)]
TheCause = Annotated[Cause, Depends(_cause)]
