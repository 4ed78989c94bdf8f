"""Pages that wait for news of a child: one look at the database serves all that are open here.

Looking works whichever replica made the change, and a removed link ends the stream within a second.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg
import structlog
from chassis import clock
from chassis.database import DATABASE_ERRORS, describe
from chassis.outbox import Store
from chassis.problems import Problem
from chassis.queries import load
from chassis.tokens import Principal
from chassis.waiting import woken

log = structlog.get_logger()
SQL = load("certificates")
LOOK_EVERY_S: Final = 0.5
KEEP_ALIVE_S: Final = 15.0
PAGES_MAX: Final = 2000
OF_ONE_MAX: Final = 20  # a person's: who opens thousands must not shut the others out


@dataclass(eq=False, slots=True)
class Page:
    """One open stream; `state` is what it was told last, None once it may see no more."""

    user_id: UUID
    child_id: UUID
    state: str | None = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Watch:
    """The streams that are open in this process."""

    def __init__(self) -> None:
        self._pages: set[Page] = set()

    async def run(self, store: Store) -> None:
        """Look for ever, at all pages at once; not at all while none is open."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._pages:
                try:
                    await self.look(store)
                except DATABASE_ERRORS as error:
                    log.warning("watch_failed", error=describe(error))

    async def look(self, store: Store) -> None:
        """Tell each page what changed since it was told last."""
        pages = list(self._pages)
        rows = await store.pool.fetch(
            SQL["watched"], [page.user_id for page in pages], [page.child_id for page in pages]
        )
        for page, row in zip(pages, rows, strict=True):
            state = _state(row)
            if state != page.state:
                page.state = state
                page.news.set()

    def follow(self, who: Principal, child_id: UUID) -> AsyncIterator[str]:
        """The text of the stream. Raises Problem 503 when too many are open."""
        own = sum(page.user_id == who.user_id for page in self._pages)
        if len(self._pages) >= PAGES_MAX or own >= OF_ONE_MAX:
            raise Problem(
                503,
                "too_many_pages",
                "Сейчас много посетителей",
                "Обновите страницу через минуту.",
                headers={"Retry-After": "60"},
            )
        return self._stream(Page(who.user_id, child_id), who.expires_at)

    async def _stream(self, page: Page, expires_at: float) -> AsyncIterator[str]:
        self._pages.add(page)
        try:
            yield "retry: 3000\n\n"
            while (left_s := expires_at - clock.now().timestamp()) > 0:
                if not await woken(page.news, min(KEEP_ALIVE_S, left_s)):
                    yield ": still here\n\n"
                    continue
                page.news.clear()
                if page.state is None:
                    return
                yield f"event: changed\ndata: {page.state}\n\n"
        finally:
            self._pages.discard(page)


def _state(row: asyncpg.Record) -> str | None:
    if not row["allowed"]:
        return None
    known = {name: row[name] for name in ("status", "version", "request")}
    return json.dumps(known)
