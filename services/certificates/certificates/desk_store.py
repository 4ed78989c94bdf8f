"""STATE of certificates after they were issued: found, locked, changed; the region's rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg
from chassis.database import Tx
from chassis.queries import load
from contracts.events import (
    CertificateActivated,
    CertificateAnnulled,
    CertificateExpired,
    CertificateExpiring,
    CertificateResumed,
    CertificateSuspended,
)
from contracts.values import CertificateStatus

from certificates.life_cycle import Certificate

SQL = load("certificates")
Changed: TypeAlias = (
    CertificateActivated
    | CertificateSuspended
    | CertificateResumed
    | CertificateAnnulled
    | CertificateExpiring
    | CertificateExpired
)
Papers: TypeAlias = dict[tuple[datetime, UUID | None], list[str]]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a certificate, by whom and why; the clock has no actor."""

    kind: str
    event: Changed
    at: datetime
    actor_id: UUID | None = None
    organization: str | None = None
    reason: str | None = None
    checked_documents: tuple[str, ...] = ()
    consent: bool | None = None
    comment: str = ""


async def find_by_number(tx: Tx, number: str) -> asyncpg.Record | None:
    return await tx.fetchrow(SQL["find_by_number"], number)


async def find_by_id(tx: Tx, certificate_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(SQL["find_by_id"], certificate_id)


async def find_people(
    tx: Tx,
    *,
    organization: str,
    name: str | None,
    birth_date: date | None,
    status: CertificateStatus | None,
    after: tuple[str, UUID] | None,
    rows_max: int,
    outside: bool,
) -> tuple[list[asyncpg.Record], int]:
    """A page of certificates by name, and how many more there are that need a reason (to 100).

    `name` is plain. How many there are elsewhere is counted only for whoever knows whom they want.
    """
    pattern = None if name is None else f"{_escaped(name)}%"
    after_name, after_id = after or (None, None)
    known = (pattern, birth_date, status, organization)
    rows = await tx.fetch(SQL["find_people"], *known, outside, after_name, after_id, rows_max)
    countable = not outside and name is not None and birth_date is not None
    hidden = await tx.fetchval(SQL["count_outside"], *known) if countable else 0
    return list(rows), hidden


def plain_name(typed: str) -> str:
    """As the query compares names: blanks are counted once, ё is е, capitals are letters."""
    return " ".join(typed.lower().replace("ё", "е").split())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def lock_by_number(tx: Tx, number: str) -> Certificate | None:
    """The certificate, locked until the transaction ends."""
    row = await tx.fetchrow(SQL["lock_by_number"], number)
    return None if row is None else _certificate(row)


async def lock_living(tx: Tx, child_ids: Sequence[UUID]) -> list[Certificate]:
    """The living certificates of these children; locked."""
    return [_certificate(row) for row in await tx.fetch(SQL["lock_living"], child_ids)]


async def lock_due(tx: Tx, today: date, rows_max: int) -> list[Certificate]:
    """Living certificates that have ended, or whose warning is due; locked, others skipped."""
    return [_certificate(row) for row in await tx.fetch(SQL["lock_due"], today, rows_max)]


def _certificate(row: asyncpg.Record) -> Certificate:
    return Certificate(
        row["certificate_id"],
        row["child_id"],
        row["number"],
        CertificateStatus(row["status"]),
        row["version"],
        row["valid_from"],
        row["valid_until"],
        row["warned_days"],
    )


async def save_changes(tx: Tx, changes: Sequence[Change]) -> None:
    """The new status of each, and who did it."""
    await save_history(tx, changes)
    events = [change.event for change in changes]
    await tx.execute(
        SQL["save_status"],
        [event.certificate_id for event in events],
        [event.status.value for event in events],
        [event.version for event in events],
    )


async def save_history(tx: Tx, changes: Sequence[Change]) -> None:
    """Who did it, and when."""
    await tx.executemany(
        SQL["save_change"],
        [
            (
                change.event.certificate_id,
                change.event.version,
                change.kind,
                change.actor_id,
                change.organization,
                list(change.checked_documents),
                change.consent,
                change.comment,
                change.reason,
                change.at,
            )
            for change in changes
        ],
    )


async def organizations_of(tx: Tx, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Where those of these users that are staff work at this moment, authorized or not."""
    rows = await tx.fetch(SQL["organizations_of"], user_ids) if user_ids else []
    return {row["user_id"]: row["organization"] for row in rows}


async def names_of_organizations(tx: Tx, ids: Sequence[str]) -> dict[str, str]:
    """As their employees' events tell them; those that are known."""
    rows = await tx.fetch(SQL["names_of_organizations"], ids) if ids else []
    return {row["organization"]: row["name"] for row in rows}


async def checked_papers(tx: Tx, child_id: UUID) -> Papers:
    """The papers of each activation of the child's certificates, by its moment and its actor.

    They may tell names: the journal, which keeps what was erased, does not have them.
    """
    rows = await tx.fetch(SQL["checked_papers"], child_id)
    return {(row["changed_at"], row["actor_id"]): row["checked_documents"] for row in rows}


async def save_warned(tx: Tx, warned: dict[UUID, int]) -> None:
    """The warning that was due last, whether or not it was worth saying."""
    await tx.execute(SQL["save_warned"], list(warned), list(warned.values()))


async def rules(tx: Tx) -> list[asyncpg.Record]:
    return list(await tx.fetch(SQL["rules"]))


async def save_rule(
    tx: Tx,
    municipality: str,
    *,
    module_enabled: bool | None,
    minimum_age: int | None,
    validity: str | None,
    by: UUID,
    at: datetime,
) -> None:
    """What differs from the service's settings, for the region ('') or a municipality."""
    await tx.execute(SQL["save_rule"], municipality, module_enabled, minimum_age, validity, by, at)


async def is_operator(tx: Tx, user_id: UUID) -> bool:
    return bool(await tx.fetchval(SQL["is_operator"], user_id))


async def by_token(tx: Tx, certificate_id: UUID) -> asyncpg.Record | None:
    """What anybody may know of a certificate: status and dates."""
    return await tx.fetchrow(SQL["by_token"], certificate_id)
