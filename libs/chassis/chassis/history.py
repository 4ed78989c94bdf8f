"""The journal as it is shown to the family and to staff: page by page, the newest first."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

from contracts.values import MOMENT_END, MOMENT_MIN
from fastapi import Depends, Query
from pydantic import BaseModel

from chassis import journal, pages
from chassis.database import Tx

ROWS_MAX = 500
# A column of its own for what is the operator's would not do: while two releases run side by side,
# the earlier one may seal rows of the later one without that column, and the chain breaks for ever.
# And rows of the last three years would need this all the same.
_ID: Final = re.compile(r"(?:^|[,;] )[a-z]+ [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=[,;]|$)")


class Deed(BaseModel):
    """Who did what, or who looked.

    `organization`: where staff worked at that moment; its name as it is now, where it is known
    here. `details`, for people: the papers that were checked, a reason, a ground; no ids, and no
    account of who ran a command.
    """

    at: datetime
    actor: str
    actor_id: UUID | None
    organization: str | None
    organization_name: str | None = None
    action: str
    details: str


class History(BaseModel):
    """The newest first; `next`: where the following page begins, for `after`."""

    items: list[Deed]
    next: str | None = None


class Page(NamedTuple):
    """Which part of a history is asked for; `looks`: only looks, or none of them, or all."""

    before: tuple[datetime, int] | None
    rows_max: int
    looks: bool | None


async def _page(
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = ROWS_MAX,
    only: Annotated[Literal["deeds", "looks"] | None, Query()] = None,
) -> Page:
    return Page(pages.opened(after, _place), limit, None if only is None else only == "looks")


ThePage = Annotated[Page, Depends(_page)]


def _place(at: str, entry: int) -> tuple[datetime, int]:
    moment = datetime.fromisoformat(at)
    if not (MOMENT_MIN <= moment < MOMENT_END and 0 <= entry < 2**63):
        raise ValueError("is no place in a journal")
    return moment, int(entry)


async def page(tx: Tx, subject: UUID, asked: Page) -> tuple[list[Any], str | None]:
    """Rows of the journal about somebody, and where the following page begins."""
    rows = await journal.about(
        tx, subject, asked.rows_max + 1, before=asked.before, looks=asked.looks
    )
    shown = rows[: asked.rows_max]
    if len(rows) == len(shown):
        return shown, None
    return shown, pages.closed(shown[-1]["happened_at"].isoformat(), shown[-1]["id"])


def for_people(actor: str, action: str, details: str) -> str:
    """What an entry's details say to the family: why, on what ground.

    The rest is the operator's, who reads it in the journal itself: the account of who ran a
    command, ids, what was looked for in the journal.
    """
    if action == journal.READ:
        return ""
    told = details.partition("; ")[2] if actor == journal.BY_COMMAND else details
    return _ID.sub("", told).lstrip(",; ")


def organizations(rows: Iterable[Any]) -> list[str]:
    """Those of which a name is to be shown."""
    return list({row["organization"] for row in rows if row["organization"]})


def deed(
    row: Any, details: str | None = None, names: Mapping[str, str] = MappingProxyType({})
) -> Deed:
    """A row as it is shown; `details` where others than the journal's are told."""
    if details is None:
        details = for_people(row["actor"], row["action"], row["details"])
    return Deed(
        at=row["happened_at"], actor=row["actor"], actor_id=row["actor_id"],
        organization=row["organization"], organization_name=names.get(row["organization"] or ""),
        action=row["action"], details=details,
    )  # fmt: skip
