"""`python -m SERVICE.heal CURE < lines`: what only the service can mend in its own database.

A line names one gap, in the words of `make verify`; each is a transaction of its own. The answer is
a line as well: `healed` or `cannot`, and what was done or why not.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar, cast
from uuid import UUID

import asyncpg
from aiokafka.errors import KafkaError
from contracts import Envelope, Received, Unreadable
from contracts.events import Event
from pydantic import ValidationError

from chassis import outbox, settings
from chassis.database import DATABASE_ERRORS, Tx, describe, open_pool
from chassis.places import Gone, Reader, reading
from chassis.queries import load
from chassis.records import read

SQL = load("chassis")
SettingsT = TypeVar("SettingsT", bound=settings.ServiceSettings)
EventT = TypeVar("EventT", bound=Event)


class Refused(Exception):
    """A gap that cannot be mended; the message says why."""


def an_id(text: str) -> UUID:
    """Raises Refused for what is no id."""
    try:
        return UUID(text)
    except ValueError:
        raise Refused(f"{text} is no id") from None


class Missing(NamedTuple):
    """An event that is nowhere: its topic, the id of what it is about, and its version."""

    topic: str
    about: str
    version: int

    @classmethod
    def of(cls, words: Sequence[str]) -> "Missing":
        """Raises Refused for words that are none."""
        match words:
            case [topic, about, version] if version.isascii() and version.isdigit():
                return cls(topic, about, int(version))
        raise Refused("write: TOPIC ID VERSION")


Mend = Callable[[Tx], Awaitable[str]]
# Reads what it must from Kafka, and returns what is then to be done in one transaction: none is
# open while a broker is slow.
Cure = Callable[[SettingsT, Reader, Sequence[str]], Awaitable[Mend]]


async def announce(tx: Tx, envelope: Envelope) -> str:
    """Say an event that is nowhere; once, also while it waits in the outbox."""
    if await tx.fetchval(SQL["is_unsent"], str(envelope.id)):
        return "it waits in the outbox already"
    await outbox.append(tx, [envelope])
    kind = envelope.event.TYPE if isinstance(envelope.event, Event) else "tombstone"
    return f"{kind} is said again"


async def told_at(reader: Reader, place: str, kind: type[EventT]) -> Received[EventT]:
    """The event of a record that is on its topic. Raises Gone, and Refused for another kind."""
    try:
        received = read(await reader.at(place)).received
    except Unreadable as error:
        raise Refused(f"{place} cannot be read: {error.reason}") from None
    if not isinstance(received.event, kind):
        raise Refused(f"{place} is no {kind.TYPE}")
    return cast("Received[EventT]", received)


async def heal(
    configured: SettingsT, cure: Cure[SettingsT], lines: Sequence[str]
) -> AsyncIterator[str]:
    """Each line's answer as soon as it is tried: what is healed is told, whatever comes then."""
    pool = await open_pool(configured)
    try:
        async with reading(configured) as reader, pool.acquire() as connection:
            for line in lines:
                yield await _healed(connection, configured, reader, cure, line)
    finally:
        await pool.close()


async def _healed(
    connection: Tx, configured: SettingsT, reader: Reader, cure: Cure[SettingsT], line: str
) -> str:
    try:
        mend = await cure(configured, reader, line.split())
        async with connection.transaction():
            return f"healed  {line}: {await mend(connection)}"
    except (Refused, Gone) as error:
        return f"cannot  {line}: {error}"
    except ValidationError as error:
        lacks = {".".join(map(str, one["loc"])) for one in error.errors(include_input=False)}
        return f"cannot  {line}: what is stored makes no such event ({', '.join(sorted(lacks))})"
    except asyncpg.IntegrityConstraintViolationError as error:
        return f"cannot  {line}: another row stands in its way ({describe(error)})"


def main(
    kind: type[SettingsT], cures: Mapping[str, Cure[SettingsT]], description: str | None
) -> None:
    """Read the lines from the standard input; exit code 1 where nothing could be tried."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cure", choices=list(cures))
    cure = cures[parser.parse_args().cure]
    lines = [line.strip() for line in sys.stdin if line.strip()]
    try:
        asyncio.run(_tell(heal(settings.load(kind), cure, lines)))
    except (*DATABASE_ERRORS, KafkaError) as error:
        sys.stderr.write(f"Database or Kafka does not answer ({describe(error)}): try again.\n")
        raise SystemExit(1) from None


async def _tell(answers: AsyncIterator[str]) -> None:
    async for answer in answers:
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
