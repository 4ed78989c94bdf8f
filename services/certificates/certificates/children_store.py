"""STATE of all the pages of one person, each kind of row by one query however many children."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
from chassis.database import Tx
from contracts.values import RequesterRole

from certificates import store
from certificates.decide import Facts, Region
from certificates.store import SQL

CHILDREN_MAX: Final = 200


class Signed(NamedTuple):
    """What identity has told of who has signed in; nothing yet, perhaps."""

    is_parent: bool = False
    erased: bool = False


class Page(NamedTuple):
    """What the page of one child shows; rows as `store` gives them."""

    child_id: UUID
    facts: Facts
    certificate: asyncpg.Record | None
    request: asyncpg.Record | None


async def person(tx: Tx, user_id: UUID) -> Signed:
    row = await tx.fetchrow(SQL["signed_in_person"], user_id)
    return Signed(row["is_parent"], row["erased"]) if row else Signed()


async def children_of(tx: Tx, user_id: UUID) -> list[tuple[UUID, RequesterRole]]:
    """Whose pages are this user's, and as whom: a student's own first, then linked children."""
    rows = await tx.fetch(SQL["children_of"], user_id, CHILDREN_MAX)
    return [(row["child_id"], RequesterRole(row["role"])) for row in rows]


async def pages(
    tx: Tx, user_id: UUID, child_ids: Sequence[UUID], today: date, region: Region
) -> list[Page]:
    """The page of each child, in the given order."""
    pairs = [(child_id, user_id) for child_id in child_ids]
    facts = await store.load_facts_of_each(tx, pairs, today, region)
    certificates = await _by_child(tx, "latest_certificates", child_ids)
    requests = await _by_child(tx, "telling_requests", child_ids)
    return [
        Page(child_id, known, certificates.get(child_id), requests.get(child_id))
        for child_id, known in zip(child_ids, facts, strict=True)
    ]


async def facts_without_child(tx: Tx, user_id: UUID, today: date, region: Region) -> Facts:
    """What is known of a parent who has no child to ask for."""
    (known,) = await store.load_facts_of_each(tx, [(None, user_id)], today, region)
    return known


async def _by_child(tx: Tx, query: str, child_ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    return {row["child_id"]: row for row in await tx.fetch(SQL[query], child_ids)}
