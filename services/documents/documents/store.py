"""STATE: rows <-> values. Every function takes the transaction (`tx`); its query has its name."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from chassis import kept
from chassis.database import Tx
from chassis.queries import load
from chassis.records import Item
from contracts import Tombstone, topics
from contracts.events import (
    CertificateAnnulled,
    CertificateExpired,
    ChildLinked,
    ChildUnlinked,
    UserRegistered,
)
from contracts.values import DocumentFailure, Role

from documents.decide import retry_at
from documents.orders import Built, Order

SQL = load("documents")
# The first row of a certificate: what was ordered, what became of it, and what caused it.
COLUMNS = (
    *("certificate_id", "child_id", "document_id", "number"),
    *("valid_from", "valid_until", "issued_on", "version"),
    *("state", "template_version", "sealed_values", "sealed_key", "digest", "built_at"),
    *("reason", "attempts", "retry_at"),
    *("correlation_id", "traceparent"),
)


async def save_people(tx: Tx, users: Sequence[UserRegistered]) -> None:
    """Full state of each; an older version than the stored one changes nothing."""
    rows = await tx.fetch(
        SQL["save_people"],
        [user.user_id for user in users],
        [user.version for user in users],
        [str(user.person.name) for user in users],
        [user.person.birth_date for user in users],
        [user.person.enrolments[0].name if user.person.enrolments else None for user in users],
        *zip(*(_works_at(user) for user in users), strict=True),
        [Role.student in user.roles for user in users],
        [Role.parent in user.roles for user in users],
        [Role.operator in user.roles for user in users],
        [json.dumps([one.organization_id for one in user.person.enrolments]) for user in users],
    )
    await tx.execute(SQL["wake_failed"], [row["user_id"] for row in rows])


def _works_at(user: UserRegistered) -> tuple[str | None, str | None]:
    """Name and id of the authorized organization whose employee this is."""
    organization = user.person.organization
    if Role.staff not in user.roles or organization is None or not organization.authorized:
        return None, None
    return organization.name, organization.id


async def erase_people(
    tx: Tx, tombstones: Mapping[UUID, Tombstone], _at: datetime
) -> dict[UUID, dict[str, int]]:
    """Names go, and the data keys of their documents: what was sealed can never be read again.

    Returns how many of what, by whom it was. A tombstone that is older than the stored state
    changes nothing.
    """
    versions = [tombstone.version for tombstone in tombstones.values()]
    rows = await tx.fetch(SQL["erase_people"], list(tombstones), versions)
    erased = {row["user_id"]: int(row["was_named"]) for row in rows}
    ended = await tx.fetch(SQL["erase_credentials"], list(erased))
    keys = Counter(row["child_id"] for row in ended if row["had_key"])
    kept_of = await kept.forget(tx, topics.IDENTITY_USERS, [str(who) for who in erased])
    return {
        who: {"person": named, "data_keys": keys[who], "quarantine": kept_of[str(who)]}
        for who, named in erased.items()
    }


async def save_links(tx: Tx, links: Sequence[ChildLinked]) -> None:
    """ChildLinked and ChildUnlinked alike; an older version changes nothing."""
    await tx.execute(
        SQL["save_links"],
        [link.parent_id for link in links],
        [link.child_id for link in links],
        [link.version for link in links],
        [not isinstance(link, ChildUnlinked) for link in links],
    )


async def names(tx: Tx, child_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The full names that are known here."""
    return {row["user_id"]: row["full_name"] for row in await tx.fetch(SQL["names"], child_ids)}


async def existing(tx: Tx, certificate_ids: Sequence[UUID]) -> set[UUID]:
    """Certificates that have their row already."""
    rows = await tx.fetch(SQL["existing"], certificate_ids)
    return {row["certificate_id"] for row in rows}


async def save_credentials(
    tx: Tx,
    orders: Sequence[Order],
    results: Sequence[Built | DocumentFailure],
    causes: Sequence[Item],
    at: datetime,
) -> None:
    """The first row of each certificate: what was built, or why it was not and when again."""
    rows = [
        (
            *_ordered(order),
            *(_built(result, at) if isinstance(result, Built) else _failed(result, at)),
            cause.received.correlation_id,
            cause.received.traceparent,
        )
        for order, result, cause in zip(orders, results, causes, strict=True)
    ]
    await tx.copy_records_to_table("credentials", columns=COLUMNS, records=rows)


def _ordered(order: Order) -> tuple[object, ...]:
    return (
        order.certificate_id,
        order.child_id,
        order.document_id,
        order.number,
        order.valid_from,
        order.valid_until,
        order.issued_on,
        1,
    )


def _built(built: Built, at: datetime) -> tuple[object, ...]:
    sealed = built.sealed_values, built.sealed_key
    return "ready", built.template_version, *sealed, built.digest, at, None, 0, None


def _failed(why: DocumentFailure, at: datetime) -> tuple[object, ...]:
    return "failed", None, None, None, None, None, why.value, 1, retry_at(1, at)


async def save_silent(tx: Tx, orders: Sequence[Order], imported: Sequence[bool]) -> set[UUID]:
    """The row of each certificate of which nothing is built; returns which these are.

    Its child is erased, which is the end of it, or another system issued it.
    """
    if not orders:
        return set()
    rows = await tx.fetch(
        SQL["save_silent"],
        [order.certificate_id for order in orders],
        [order.child_id for order in orders],
        [order.document_id for order in orders],
        [order.number for order in orders],
        [order.valid_from for order in orders],
        [order.valid_until for order in orders],
        [order.issued_on for order in orders],
        imported,
    )
    return {row["certificate_id"] for row in rows}


async def end_hopeless(tx: Tx) -> None:
    """Failed documents that are due, and whose child is erased or whose certificate is over."""
    await tx.execute(SQL["end_erased"])
    await tx.execute(SQL["close_ended"])


async def due(tx: Tx, rows_max: int) -> list[asyncpg.Record]:
    """Failed documents whose time has come, with the child's name if it is known."""
    return list(await tx.fetch(SQL["due"], rows_max))


async def lock_failed(tx: Tx, certificate_id: UUID, version: int) -> bool:
    """Whether the row still is as it was seen, locked until the transaction ends."""
    return bool(await tx.fetchval(SQL["lock_failed"], certificate_id, version))


async def save_ready(tx: Tx, certificate_id: UUID, built: Built, at: datetime) -> None:
    await tx.execute(
        SQL["save_ready"],
        certificate_id,
        built.template_version,
        built.sealed_values,
        built.sealed_key,
        built.digest,
        at,
    )


async def save_failed(
    tx: Tx, certificate_id: UUID, reason: DocumentFailure, attempts: int, again: datetime
) -> None:
    await tx.execute(SQL["save_failed"], certificate_id, reason.value, attempts, again)


async def save_ends(tx: Tx, ends: Sequence[CertificateAnnulled | CertificateExpired]) -> None:
    """These certificates are over; what was said first stays.

    How they ended the kind of event says: its status may be one that only a later release knows.
    """
    told = [
        ("annulled", end.annulled_at)
        if isinstance(end, CertificateAnnulled)
        else ("expired", end.expired_at)
        for end in ends
    ]
    await tx.execute(
        SQL["save_ends"], [end.certificate_id for end in ends], *zip(*told, strict=True)
    )
