"""STATE as the doors need it: a document's row for who asks, and the rotations of a password."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from chassis.database import Tx
from chassis.queries import load

from documents.orders import Built, Order

SQL = load("documents")


async def of_certificates(tx: Tx, asks: Sequence[tuple[UUID, UUID]]) -> list[asyncpg.Record | None]:
    """The row of each (certificate, user), where this user is the child or a parent linked now."""
    rows = await tx.fetch(
        SQL["of_certificates"], [one for one, _ in asks], [who for _, who in asks]
    )
    found = {(row["certificate_id"], row["user_id"]): row for row in rows}
    return [found.get(ask) for ask in asks]


async def image_of_certificate(
    tx: Tx, certificate_id: UUID, user_id: UUID
) -> asyncpg.Record | None:
    """What the image says, for the family and for staff of an authorized organization."""
    return await tx.fetchrow(SQL["image_of_certificate"], certificate_id, user_id)


async def application_facts(tx: Tx, child_id: UUID, user_id: UUID) -> asyncpg.Record | None:
    """What an application of this child is filled in with, for the same people."""
    return await tx.fetchrow(SQL["application_facts"], child_id, user_id)


async def lock(tx: Tx, certificate_id: UUID) -> None:
    """Nobody changes the document until the transaction ends."""
    await tx.execute(SQL["lock_credentials"], certificate_id)


async def get_rotation(tx: Tx, rotation_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(SQL["get_rotation"], rotation_id)


async def rotations_since(tx: Tx, certificate_id: UUID, since: datetime) -> list[datetime]:
    """The times of the certificate's rotations after `since`, the oldest first."""
    rows = await tx.fetch(SQL["rotations_since"], certificate_id, since)
    return [row["rotated_at"] for row in rows]


async def save_rotation(
    tx: Tx, rotation_id: UUID, order: Order, built: Built, *, version: int, user_id: UUID,
    at: datetime,
) -> bool:  # fmt: skip
    """Who pressed, and what it brought; False if this press has brought something already."""
    return bool(
        await tx.fetchval(
            SQL["save_rotation"],
            rotation_id,
            order.certificate_id,
            user_id,
            version,
            built.digest,
            at,
        )
    )


async def rotate(tx: Tx, order: Order, built: Built, at: datetime) -> None:
    """The new values take the old ones' place, in a row that is locked."""
    await tx.execute(
        SQL["rotate"],
        order.certificate_id,
        order.document_id,
        order.issued_on,
        built.template_version,
        built.sealed_values,
        built.sealed_key,
        built.digest,
        at,
    )


async def portal_accounts(tx: Tx, certificate_ids: Sequence[UUID]) -> list[asyncpg.Record | None]:
    """The row of each for the portal's machine client, whosever it is."""
    rows = await tx.fetch(SQL["portal_accounts"], certificate_ids)
    found = {row["certificate_id"]: row for row in rows}
    return [found.get(one) for one in certificate_ids]


async def is_operator(tx: Tx, user_id: UUID) -> bool:
    """As identity has told of them by now."""
    return bool(await tx.fetchval(SQL["is_operator"], user_id))


async def failed(tx: Tx, rows_max: int) -> tuple[int, list[asyncpg.Record]]:
    """How many documents could not be built; certificate, reason and next try of the first."""
    count: int = await tx.fetchval(SQL["count_failed"])
    return count, list(await tx.fetch(SQL["failed"], rows_max))


async def names_of_organizations(tx: Tx, ids: Sequence[str]) -> dict[str, str]:
    """As their employees' events tell them; those that are known."""
    rows = await tx.fetch(SQL["names_of_organizations"], ids) if ids else []
    return {row["organization"]: row["name"] for row in rows}
