"""Erasing a person: what is held here goes, a tombstone tells the others, and each confirms.

`erase` is the one place where it is done, whoever ordered it. What was destroyed is counted, never
named: an erasure must not keep what it destroyed.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from chassis import kept, outbox
from chassis.database import Tx
from chassis.queries import load
from contracts import topics
from contracts.events import PersonErased
from contracts.ids import derived

from identity import store

SQL = load("identity")
SERVICES: Final = ("identity", "certificates", "documents")


@dataclass(frozen=True, slots=True)
class Order:
    """Why, by whom (None: SGO), and the id of the erasure where it was asked for by one."""

    reason: str
    ordered_by: UUID | None = None
    erasure_id: UUID | None = None


BY_SGO: Final = Order("Запись удалена в АИС СГО")


async def erase(
    tx: Tx, users: Mapping[UUID, tuple[str | None, datetime]], order: Order
) -> dict[UUID, int]:
    """`users`: SGO's id, and when it was ordered. Lock them first; the caller says tombstones.

    Returns the tombstone's version of those who were known and not erased before.
    """
    ids = list(users)
    passwords = await store.erase_passwords(tx, ids)
    erased = await store.erase_users(tx, users)
    said = await outbox.count_said(tx, topics.IDENTITY_USERS, [str(who) for who in ids])
    sgo_ids = {who: sgo_id for who, (sgo_id, _) in users.items() if sgo_id}
    kept_of = await kept.forget(tx, topics.SGO_USERS, list(sgo_ids.values()))
    await _save(tx, erased, users, order)
    own = [
        PersonErased(
            service="identity",
            user_id=who,
            version=version,
            counts={
                "person": 1,
                "password": int(who in passwords),
                "outbox_sent": said[str(who)],
                "quarantine": kept_of[sgo_ids.get(who, "")],
            },
            erased_at=users[who][1],
        )
        for who, version in erased.items()
    ]
    await save_confirmations(tx, own)
    return erased


async def _save(
    tx: Tx,
    erased: Mapping[UUID, int],
    users: Mapping[UUID, tuple[str | None, datetime]],
    order: Order,
) -> None:
    await tx.execute(
        SQL["save_erasures"],
        [order.erasure_id or derived(f"{who}:{version}", "erasure")
         for who, version in erased.items()],
        list(erased),
        list(erased.values()),
        order.reason,
        order.ordered_by,
        [users[who][1] for who in erased],
    )  # fmt: skip


async def save_confirmations(tx: Tx, told: Iterable[PersonErased]) -> None:
    """What was said first stays."""
    told = list(told)
    await tx.execute(
        SQL["save_confirmations"],
        [one.user_id for one in told],
        [one.version for one in told],
        [one.service for one in told],
        [json.dumps(one.counts) for one in told],
        [one.erased_at for one in told],
    )


async def erasure(tx: Tx, erasure_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(SQL["erasure"], erasure_id)


async def latest_erasure(tx: Tx, user_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(SQL["latest_erasure"], user_id)


async def confirmations(tx: Tx, row: asyncpg.Record) -> Sequence[asyncpg.Record]:
    """What each service has destroyed, as far as it has said so."""
    return list(await tx.fetch(SQL["confirmations"], row["user_id"], row["version"]))
