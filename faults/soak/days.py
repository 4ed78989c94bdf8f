"""Lets a week pass within a soak, so that what is kept for days is seen to go.

No setting of a service is changed. A row of the inbox is born so old that its time is over two
short days later, and so is what was sent: it falls into a partition that is as long as a short day,
and gets the name of a day past its week when it is two short days old. The relay drops it when it
looks next; its session is ended at each short day's end, and whoever relays then looks.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
from chassis.relay import RELAY_LOCK

from faults.gathering import as_superuser
from faults.lab import Lab
from tools.stack.settings import SERVICES

INBOX_KEPT: Final = timedelta(days=45)
LONG_AGO: Final = timedelta(days=3650)  # no day of the services' own is there
KEPT_DAYS: Final = 2  # short ones
END_SESSION: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_locks AS l
    WHERE locktype = 'advisory' AND granted AND objid = $1
        AND database = (SELECT oid FROM pg_database WHERE datname = $2)"""


async def prepare(lab: Lab, day_s: float, count: int) -> datetime:
    """From now on rows are born old; returns when the first short day began."""
    began = datetime.now(UTC)
    born = INBOX_KEPT - timedelta(seconds=KEPT_DAYS * day_s)
    today = f"{began:%Y%m%d}"
    by_default = "ALTER TABLE {} ALTER {} SET DEFAULT now() - interval '{}'"
    statements = [
        by_default.format("inbox", "received_at", _seconds(born)),
        by_default.format("outbox_sent", "sent_at", _seconds(LONG_AGO)),
    ]
    for n in range(count):
        first = began - LONG_AGO + timedelta(seconds=n * day_s)
        until = first + timedelta(seconds=day_s)
        statements.append(
            f"CREATE TABLE {_young(today, n)} PARTITION OF outbox_sent"
            f" FOR VALUES FROM ('{first.isoformat()}') TO ('{until.isoformat()}')"
        )
    for service in SERVICES:
        await _each(lab, service, statements)
    return began


async def pass_(lab: Lab, began: datetime, day_s: float, count: int) -> None:
    """Until cancelled or until all days are over: each day's end comes when it comes."""
    today = f"{began:%Y%m%d}"
    for n in range(count):
        over = began + timedelta(seconds=(n + KEPT_DAYS) * day_s)
        await asyncio.sleep(max(0.0, (over - datetime.now(UTC)).total_seconds()))
        for service in SERVICES:
            rename = f"ALTER TABLE {_young(today, n)} RENAME TO outbox_sent_20000101_{n}"
            await again(lambda service=service, sql=rename: _each(lab, service, [sql]))  # type: ignore[misc]
            async with as_superuser(lab) as connection:
                await connection.execute(END_SESSION, RELAY_LOCK, service)


async def again(do: Callable[[], Awaitable[None]]) -> None:
    """What waits for a lock for too long lets the relay go on first."""
    for _ in range(20):
        try:
            return await do()
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(1)
    raise TimeoutError


def _young(today: str, n: int) -> str:
    return f"outbox_sent_{today}_{n}"


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} seconds"


async def _each(lab: Lab, service: str, statements: list[str]) -> None:
    connection = await asyncpg.connect(lab.owned(service), timeout=30)
    try:
        await connection.execute("SET lock_timeout = '3s'")
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
