"""Commands for kept records, for the journal, and for what was lost on the way.

python -m chassis.commands quarantine|parked list|show|redrive|drop
python -m chassis.commands journal verify
python -m chassis.commands outbox resend --since 2026-11-24T09:00Z --topic certificates.v1
python -m chassis.commands record hear certificates.v1:3:17 --by documents

They take the settings of the service whose database is meant. `show` prints the whole record, which
may hold personal data: it is for the operator's eyes. A redriven record is applied by the service.
`resend` makes what was sent within the last week unsent again; readers drop what they know. `hear`
gives a record of a topic to the service once more. `-` reads ids or places from the standard input.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiokafka.errors import KafkaError
from contracts import Unreadable

from chassis import again, inbox, journal, settings
from chassis.database import Tx, describe, open_pool
from chassis.kept import WrongKey, open_kept
from chassis.places import Gone, reading
from chassis.queries import load
from chassis.records import KeptRecord, read

SQL = load("chassis")


class Settings(settings.ServiceSettings):
    http_port: int = 0


class Refused(Exception):
    """The message is for the operator."""


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


async def verify(tx: Tx) -> list[str]:
    """Whether the journal's chain is whole. Raises Refused naming the row where it is not."""
    chain = await journal.check(tx)
    if chain.broken is not None:
        row = "its row is missing" if chain.row is None else f"row {chain.row} was changed"
        raise Refused(f"Broken at link {chain.broken}: {row}. Whole up to link {chain.last}.")
    return [
        f"Whole: links {chain.first} to {chain.last}. The last hash is {chain.hash.hex()}.",
        f"{chain.unsealed} entries are not sealed yet.",
    ]


async def resend(tx: Tx, arguments: argparse.Namespace) -> list[str]:
    """Make unsent again what was sent. Raises Refused where nothing says which."""
    since, topic, ids = arguments.since, arguments.topic, arguments.id
    if since is None and topic is None and ids is None:
        raise Refused("Say what to send again: --since, --topic or --id; all given must hold.")
    given = None if ids is None else _given(ids)
    sent = await again.resend(tx, since=since, topic=topic, ids=given)
    return [f"{count} events of {name} are sent again." for name, count in sent.items()] or [
        "Nothing is sent again: no such event was sent within a week, or a newer one replaced it."
    ]


async def hear(
    tx: Tx, configured: settings.ServiceSettings, service: str, places: Sequence[str]
) -> list[str]:
    """One line a place: given to the service again, or why not."""
    answers = []
    try:
        async with reading(configured) as reader:
            for place in _given(places):
                try:
                    done = await again.hear(tx, reader, configured.key_bytes, service, place)
                    answers.append(f"healed  {done}")
                except Gone as error:
                    answers.append(f"cannot  {error}")
    except KafkaError as error:
        raise Refused(f"Kafka does not answer ({describe(error)}): try again.") from None
    return answers


def _given(words: Sequence[str]) -> list[str]:
    return [line.strip() for line in sys.stdin if line.strip()] if words == ["-"] else list(words)


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


async def run(  # noqa: PLR0911  one a command
    arguments: argparse.Namespace, configured: settings.ServiceSettings
) -> list[str]:
    """Do what the command line says, in one transaction. Raises Refused."""
    pool = await open_pool(configured)
    try:
        async with pool.acquire() as tx, tx.transaction():
            match arguments.command:
                case "verify":
                    return await verify(tx)
                case "resend":
                    return await resend(tx, arguments)
                case "hear":
                    return await hear(tx, configured, arguments.by, arguments.place)
                case "list":
                    return await listed(tx, arguments.kind)
                case "show":
                    return await show(tx, arguments.kind, configured.key_bytes, arguments.id)
                case "redrive":
                    return await redrive(tx, arguments.kind, configured.key_bytes, arguments.id)
                case _:
                    return await drop(tx, arguments.kind, arguments.id, arguments.reason)
    finally:
        await pool.close()


def arguments_of(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m chassis.commands",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind in ("quarantine", "parked"):
        commands = kinds.add_parser(kind).add_subparsers(dest="command", required=True)
        commands.add_parser("list")
        for name in ("show", "redrive", "drop"):
            command = commands.add_parser(name)
            command.add_argument("id", type=int)
            if name == "drop":
                command.add_argument("--reason", required=True)
    kinds.add_parser("journal").add_subparsers(dest="command", required=True).add_parser("verify")
    said = kinds.add_parser("outbox").add_subparsers(dest="command", required=True)
    once_more = said.add_parser("resend")
    once_more.add_argument("--since", type=_moment, help="sent at or after, with a time zone")
    once_more.add_argument("--topic")
    once_more.add_argument("--id", nargs="+", help="ids of events (ce_id)")
    heard = kinds.add_parser("record").add_subparsers(dest="command", required=True)
    listen = heard.add_parser("hear")
    listen.add_argument("place", nargs="+", help="topic:partition:offset")
    listen.add_argument("--by", required=True, metavar="SERVICE")
    return parser.parse_args(words)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("say the time zone: 2026-11-24T09:00Z")
    return moment


def main() -> None:
    arguments = arguments_of(sys.argv[1:])
    try:
        lines = asyncio.run(run(arguments, settings.load(Settings)))
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
