"""What the routes of every service ask of the process that serves them."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Header, Query, Request

from chassis import clock
from chassis.outbox import Store


async def _store(request: Request) -> Store:
    found: Store = request.app.state.store
    return found


TheStore = Annotated[Store, Depends(_store)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]
_LETTER: Final = "A-Za-zА-Яа-яЁё"
# Why somebody looks at a child of others: ten letters at least, so that it can say something.
Why = Annotated[
    str | None,
    Query(max_length=200, pattern=rf"^([^\x00{_LETTER}]*[{_LETTER}]){{10}}[^\x00]*$"),
]


def key_of(who: UUID, key: str | None) -> str:
    """Names what a request makes: the same key of the same person, the same thing."""
    return f"{who}:{key or clock.new_id()}"
