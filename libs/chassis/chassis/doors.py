"""What the routes of every service ask of the process that serves them."""

from typing import Annotated

from fastapi import Depends, Request

from chassis.outbox import Store


async def _store(request: Request) -> Store:
    found: Store = request.app.state.store
    return found


TheStore = Annotated[Store, Depends(_store)]
