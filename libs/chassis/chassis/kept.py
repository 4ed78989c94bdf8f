"""Quarantine and parking: records that are kept here because they cannot be applied (yet).

Both hold the whole record, encrypted with the service's key; the place is authenticated with it.
A record is known by its place and its digest: a broker set up anew uses its offsets again.
Parking and arrival take the same advisory lock, so that neither misses the other.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Any
from zlib import crc32

import asyncpg
import structlog
from contracts.topics import Topic
from cryptography.exceptions import InvalidTag

from chassis.crypto import seal, unseal
from chassis.database import Tx
from chassis.metrics import QUARANTINED
from chassis.queries import load
from chassis.records import Item, KeptRecord, RawRecord, digest, pack, place, unpack

log = structlog.get_logger()
SQL = load("chassis")
PARK_LOCK = 0x7061
STRIPES = 64


class WrongKey(Exception):
    """The record was sealed with another ENCRYPTION_KEY than the one that is set."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """An event that waits for a fact, by a name that `release` will call."""

    item: Item
    waits_for: str


async def quarantine(tx: Tx, key: bytes, refused: Sequence[tuple[RawRecord, str]]) -> None:
    """Keep records that no retry can apply, once however often they come; count and tell them."""
    if refused:
        records = [record for record, _ in refused]
        reasons = [reason for _, reason in refused]
        await tx.execute(SQL["quarantine"], *_columns(key, records), reasons)
    for record, reason in refused:
        QUARANTINED.inc()
        log.error("quarantined", place=place(record), reason=reason)


async def park(tx: Tx, key: bytes, waiting: Sequence[NotYet], patience: timedelta) -> None:
    """Keep events that wait; the caller holds `lock_facts` for what they wait for."""
    if waiting:
        records = [one.item.record for one in waiting]
        names = [one.waits_for for one in waiting]
        await tx.execute(SQL["park"], *_columns(key, records), names, patience)


async def lock_facts(tx: Tx, names: Iterable[str]) -> None:
    """Before parking on these facts: look at them once more after this, then park."""
    await tx.execute(SQL["lock_stripes"], PARK_LOCK, _stripes(names))


async def release(tx: Tx, names: Sequence[str]) -> None:
    """These facts are saved in this transaction: what waits for them is due when it commits."""
    await tx.execute(SQL["lock_stripes_shared"], PARK_LOCK, _stripes(names))
    await tx.execute(SQL["release"], names)


async def forget(tx: Tx, topic: Topic, keys: Sequence[str]) -> Counter[str]:
    """Records of these keys go out of quarantine; returns how many of each key there were."""
    digests = {key_digest(key.encode()): key for key in keys}
    rows = await tx.fetch(SQL["forget_quarantined"], list(digests), topic.name)
    return Counter(digests[row["key_digest"]] for row in rows)


def key_digest(key: bytes | None) -> bytes | None:
    """Tells whose record it is to who knows the key, and tells a stranger's key to nobody."""
    return None if key is None else blake2b(key, digest_size=16).digest()


def open_kept(key: bytes, row: asyncpg.Record) -> KeptRecord:
    """The record of a quarantine or parked row. Raises WrongKey."""
    topic, partition, offset = row["topic"], row["partition"], row["record_offset"]
    about = f"{topic}:{partition}:{offset}".encode()
    try:
        return unpack(topic, partition, offset, unseal(key, row["record"], about))
    except InvalidTag:
        raise WrongKey from None


def _columns(key: bytes, records: Sequence[RawRecord]) -> tuple[list[Any], ...]:
    """Topics, partitions, offsets, digests, records sealed, whose they are."""
    return (
        [record.topic for record in records],
        [record.partition for record in records],
        [record.offset for record in records],
        [digest(record) for record in records],
        [seal(key, pack(record), place(record).encode()) for record in records],
        [key_digest(record.key) for record in records],
    )


def _stripes(names: Iterable[str]) -> list[int]:
    return sorted({crc32(name.encode()) % STRIPES for name in names})
