"""What the calendar does to certificates: they expire, and families are warned before.

Any replica may look; an advisory lock lets one work at a time, in batches, each a transaction.
"""

import asyncio
from datetime import datetime
from typing import Final

import structlog
from chassis import clock, failpoint, journal, outbox
from chassis.database import DATABASE_ERRORS, describe
from chassis.outbox import Store
from chassis.queries import load
from contracts import Envelope
from contracts.events import CertificateExpired
from contracts.ids import derived

from certificates import desk_store, life_cycle
from certificates.decide import Region
from certificates.desk_store import Change
from certificates.source import SOURCE

log = structlog.get_logger()
SQL = load("certificates")
LOCK: Final = 0x636C6F
ROWS_MAX: Final = 500
LOOK_EVERY_S: Final = 60.0


async def run(store: Store, region: Region) -> None:
    """Look every minute, for ever."""
    while True:
        try:
            while await pass_time(store, region, clock.now()):
                pass
        except DATABASE_ERRORS as error:
            log.warning("passing_time_failed", error=describe(error))
        await asyncio.sleep(LOOK_EVERY_S)


async def pass_time(store: Store, region: Region, at: datetime) -> int:
    """One batch of what is due at this moment where the families live; returns how many."""
    today = clock.day_in(region.zone, at)
    async with store.transaction(at=None) as tx:
        if not await tx.fetchval(SQL["lock_calendar"], LOCK):
            return 0
        due = await desk_store.lock_due(tx, today, ROWS_MAX)
        warned = {
            one.certificate_id: days
            for one in due
            if (days := life_cycle.warning_due(one, today)) is not None
        }
        events = [
            event
            for one in due
            if (event := life_cycle.pass_time(one, today=today, at=at)) is not None
        ]
        changes = [
            Change("expired" if isinstance(event, CertificateExpired) else "expiring", event, at)
            for event in events
        ]
        await desk_store.save_changes(tx, changes)
        await desk_store.save_warned(tx, warned)
        await journal.append(
            tx,
            [journal.Entry(at, None, "calendar", c.kind, c.event.child_id) for c in changes],
        )
        await outbox.append(tx, [_said(change) for change in changes])
        if due:
            failpoint.passing("calendar", "before-commit")
    if due:
        failpoint.passing("calendar", "after-commit")
    return len(due)


def _said(change: Change) -> Envelope:
    event = change.event
    cause = f"{event.certificate_id}:{event.version}"
    return Envelope(
        event=event,
        id=derived(cause, event.TYPE),
        source=SOURCE,
        time=change.at,
        correlation_id=str(event.certificate_id),
    )
