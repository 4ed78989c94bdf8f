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
import sys
from collections.abc import Sequence
from datetime import datetime

from aiokafka.errors import KafkaError

from chassis import again, journal, settings
from chassis.command_line import Refused, answer, described
from chassis.database import Pool, Tx, describe, open_pool
from chassis.kept_commands import drop, listed, redrive, show
from chassis.places import Gone, reading
from chassis.records import Item


class Settings(settings.ServiceSettings):
    http_port: int = 0


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
    pool: Pool, configured: settings.ServiceSettings, service: str, places: Sequence[str]
) -> list[str]:
    """One line a place: given to the service again, or why not. Raises Refused."""
    found = await _found(configured, service, _given(places))
    answers = []
    async with pool.acquire() as tx, tx.transaction():
        for place, item in found.items():
            if isinstance(item, Gone):
                answers.append(f"cannot  {item}")
            elif await again.hear(tx, configured.key_bytes, item):
                answers.append(f"healed  {place} is given to {service} again")
            else:
                answers.append(f"cannot  {place}: its id was used for other content")
    return answers


async def _found(
    configured: settings.ServiceSettings, service: str, places: Sequence[str]
) -> dict[str, Item | Gone]:
    """What Kafka has at each place, read before a transaction is opened. Raises Refused."""
    found: dict[str, Item | Gone] = {}
    try:
        async with reading(configured) as reader:
            for place in places:
                try:
                    found[place] = await again.found(reader, service, place)
                except Gone as error:
                    found[place] = error
    except KafkaError as error:
        raise Refused(f"Kafka does not answer ({describe(error)}): try again.") from None
    return found


def _given(words: Sequence[str]) -> list[str]:
    return [line.strip() for line in sys.stdin if line.strip()] if words == ["-"] else list(words)


async def run(arguments: argparse.Namespace, configured: settings.ServiceSettings) -> list[str]:
    """Do what the command line says, in one transaction. Raises Refused."""
    pool = await open_pool(configured)
    try:
        if arguments.command == "hear":
            return await hear(pool, configured, arguments.by, arguments.place)
        async with pool.acquire() as tx, tx.transaction():
            return await _in_transaction(tx, arguments, configured.key_bytes)
    finally:
        await pool.close()


async def _in_transaction(tx: Tx, arguments: argparse.Namespace, key: bytes) -> list[str]:
    match arguments.command:
        case "verify":
            return await verify(tx)
        case "resend":
            return await resend(tx, arguments)
        case "list":
            return await listed(tx, arguments.kind)
        case "show":
            return await show(tx, arguments.kind, key, arguments.id)
        case "redrive":
            return await redrive(tx, arguments.kind, key, arguments.id)
        case _:
            return await drop(tx, arguments.kind, arguments.id, arguments.reason)


def arguments_of(words: list[str]) -> argparse.Namespace:
    parser = described("chassis.commands", __doc__)
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
    answer(run(arguments_of(sys.argv[1:]), settings.load(Settings)))


if __name__ == "__main__":
    main()
