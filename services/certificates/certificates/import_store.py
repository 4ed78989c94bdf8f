"""STATE of certificates that another system issued. Every function takes the transaction."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg
from chassis.database import Tx
from contracts.events import CertificateIssued
from contracts.values import CertificateStatus

from certificates import desk_store
from certificates.desk_store import SQL, Change
from certificates.rows import Wanted
from certificates.take_over import Known, Same


class TakenOver(NamedTuple):
    """What is said of a certificate, and what is written down of its changes."""

    issued: CertificateIssued
    changes: Sequence[Change]


async def load_known(tx: Tx, wanted: Sequence[Wanted]) -> list[Known]:
    """What is known of each row's child and number, in their order."""
    rows = await tx.fetch(
        SQL["known_of_imported"],
        [one.child_id for one in wanted],
        [one.number for one in wanted],
    )
    return [_known(row) for row in rows]


def _known(row: asyncpg.Record) -> Known:
    same = None
    if row["same_child"]:
        status = CertificateStatus(row["status"])
        same = Same(row["same_child"], status, row["valid_from"], row["valid_until"])
    return Known(
        row["is_known"], row["is_erased"], row["is_student"], row["is_enrolled"],
        row["has_living"], row["birth_date"], same,
    )  # fmt: skip


async def save_imported(tx: Tx, taken: Sequence[TakenOver]) -> set[UUID]:
    """Those that could be saved: not one whose number, or whose child's place, is taken."""
    last = [one.changes[-1].event if one.changes else one.issued for one in taken]
    rows = await tx.fetch(
        SQL["save_imported"],
        [one.issued.certificate_id for one in taken],
        [one.issued.child_id for one in taken],
        [one.issued.request_id for one in taken],
        [one.issued.number for one in taken],
        [event.status.value for event in last],
        [event.version for event in last],
        [one.issued.valid_from for one in taken],
        [one.issued.valid_until for one in taken],
        [one.issued.issued_at for one in taken],
    )
    saved = {row["certificate_id"] for row in rows}
    await desk_store.save_history(
        tx, [c for one in taken if one.issued.certificate_id in saved for c in one.changes]
    )
    return saved
