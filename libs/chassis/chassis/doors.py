"""What the routes of every service ask of the process that serves them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request

from chassis import clock
from chassis.outbox import Store


async def _store(request: Request) -> Store:
    found: Store = request.app.state.store
    return found


TheStore = Annotated[Store, Depends(_store)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]


def key_of(who: UUID, key: str | None) -> str:
    """Names what a request makes: the same key of the same person, the same thing."""
    return f"{who}:{key or clock.new_id()}"
