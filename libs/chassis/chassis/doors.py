"""What the routes of every service ask of the process that serves them."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID
from weakref import WeakKeyDictionary

from fastapi import Depends, FastAPI, Header, Query, Request

from chassis import clock
from chassis.field_errors import TEN_LETTERS
from chassis.outbox import Store
from chassis.together import Answer, Ask, Together


async def _store(request: Request) -> Store:
    found: Store = request.app.state.store
    return found


TheStore = Annotated[Store, Depends(_store)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]
# Why somebody looks at a child of others: ten letters at least, so that it can say something.
Why = Annotated[str | None, Query(max_length=200, pattern=TEN_LETTERS)]


def shared(
    work: Callable[[Store, Any, Sequence[Ask]], Awaitable[Sequence[Answer | Exception]]],
) -> Callable[[Request, Ask], Awaitable[Answer]]:
    """For a hot route: `await it(request, ask)` shares `work` with who asks meanwhile (`Together`).

    `work(store, doors, asks)`: `doors` is what the service gave its routes (`Service.state`).
    """
    made: WeakKeyDictionary[FastAPI, Together[Ask, Answer]] = WeakKeyDictionary()

    async def together(request: Request, ask: Ask) -> Answer:
        app = request.app
        if app not in made:
            made[app] = Together(partial(work, app.state.store, app.state.service))
        return await made[app](ask)

    return together


def key_of(who: UUID, key: str | None) -> str:
    """Names what a request makes: the same key of the same person, the same thing."""
    return f"{who}:{key or clock.new_id()}"
