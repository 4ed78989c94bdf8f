"""What an operator does with kept records: list, show, give again, drop."""

from typing import Any

from contracts import Unreadable

from chassis import inbox
from chassis.command_line import Refused
from chassis.database import Tx
from chassis.kept import WrongKey, open_kept
from chassis.queries import load
from chassis.records import KeptRecord, read

SQL = load("chassis")


async def listed(tx: Tx, kind: str) -> list[str]:
    """One line a record: id, place, why or what it waits for, since when."""
    rows = await tx.fetch(SQL["quarantined" if kind == "quarantine" else "all_parked"])
    return [
        f"{row['id']}  {row['topic']}:{row['partition']}:{row['record_offset']}"
        f"  {row['reason'] if kind == 'quarantine' else row['waits_for']}"
        f"  {row['quarantined_at' if kind == 'quarantine' else 'parked_at']:%Y-%m-%d %H:%M:%S}"
        for row in rows
    ] or ["None."]


async def show(tx: Tx, kind: str, key: bytes, record_id: int) -> list[str]:
    """The record as it came. Raises Refused."""
    record = _opened(key, await _row(tx, kind, record_id))
    shown = [f"key: {_text(record.key)}"]
    shown += [f"{name}: {_text(raw)}" for name, raw in record.headers]
    return [*shown, "", _content(record.value)]


async def redrive(tx: Tx, kind: str, key: bytes, record_id: int) -> list[str]:
    """Give it to the service again. Raises Refused where that cannot help yet."""
    row = await _row(tx, kind, record_id)
    record = _opened(key, row)
    if kind == "parked":
        await tx.execute(SQL["redrive_parked"], record_id)
        return ["It is tried again now."]
    try:
        item = read(record)
    except Unreadable as error:
        raise Refused(f"It still cannot be read: {error.reason}") from None
    fresh, _ = await inbox.claim(tx, [item])
    if not fresh:
        raise Refused("An event with this id was applied already. Drop it with a reason.")
    await tx.execute(SQL["requeue"], record_id)
    await tx.execute(SQL["mark_redriven"], record_id)
    return ["It is given to the running service again; if it is refused, it comes back here."]


async def drop(tx: Tx, kind: str, record_id: int, reason: str) -> list[str]:
    """Give it up, for a reason that stays with it. Raises Refused."""
    await _row(tx, kind, record_id)
    kept_id = record_id
    if kind == "parked":
        why = f"dropped: {reason}"
        kept_id = await tx.fetchval(SQL["quarantine_parked"], record_id, why)
        await tx.execute(SQL["drop_parked"], record_id)
    await tx.execute(SQL["drop_quarantined"], kept_id, reason)
    return ["Dropped; the record and the reason stay in the table."]


async def _row(tx: Tx, kind: str, record_id: int) -> Any:
    name = "quarantined_record" if kind == "quarantine" else "parked_record"
    row = await tx.fetchrow(SQL[name], record_id)
    if row is None:
        raise Refused(f"There is no record {record_id} in {kind}. List them: {kind} list")
    return row


def _opened(key: bytes, row: Any) -> KeptRecord:
    try:
        return open_kept(key, row)
    except WrongKey:
        raise Refused(
            f"Record {row['id']} was sealed with another ENCRYPTION_KEY:"
            " put that key back and try again, or drop the record with a reason."
        ) from None


def _content(value: bytes | None) -> str:
    if value is None:
        return "(no value: a tombstone, which erases what has this key)"
    return _text(value) or "(an empty value, which is no JSON; a tombstone would have none at all)"


def _text(raw: bytes | None) -> str:
    return "(none)" if raw is None else raw.decode(errors="backslashreplace")
