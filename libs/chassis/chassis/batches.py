"""A batch of records becomes one transaction: claim, load, decide, save, append.

The failure policy: permanent -> quarantine; transient -> backoff, then raise (the offset stays);
unknown -> bisect until the bad record stands alone, try it again, then quarantine; not yet -> park.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from contracts import Unreadable

from chassis import inbox, kept, outbox, tracing
from chassis.database import Tx, describe, is_transient
from chassis.handlers import Effects, Handlers, grouped, misplaced, prepare, waves
from chassis.metrics import APPLIED, BATCH_SECONDS
from chassis.records import Item, RawRecord, read

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long failures are borne. Times in seconds."""

    backoff_s_min: float = 0.1
    backoff_s_max: float = 5.0
    transient_s_max: float = 60.0
    tries_alone: int = 5
    fact_s_max: float = 30.0


@dataclass(frozen=True, slots=True)
class Consumer:
    """Everything that applying a batch needs."""

    store: outbox.Store
    handlers: Handlers
    key: bytes
    prefix: str = ""
    patience: Patience = Patience()

    async def consume(self, records: Sequence[RawRecord]) -> None:
        """Apply each record exactly once, or keep it, or raise so that it comes again."""
        try:
            with BATCH_SECONDS.time():
                await self._patiently(records)
        except Exception as error:
            if is_transient(error):
                raise
            await self._bisect(records, error)

    async def _patiently(self, records: Sequence[RawRecord]) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self.patience.transient_s_max
        pause = self.patience.backoff_s_min
        while True:
            try:
                return await self._apply(records)
            except Exception as error:
                if not is_transient(error) or clock() + pause > deadline:
                    raise
                log.warning("transient_failure", error=describe(error), records=len(records))
                await asyncio.sleep(pause)
                pause = min(pause * 2, self.patience.backoff_s_max)

    async def _bisect(self, records: Sequence[RawRecord], error: Exception) -> None:
        if len(records) > 1:
            log.warning("batch_failed", error=describe(error), records=len(records))
            middle = len(records) // 2
            await self.consume(records[:middle])
            await self.consume(records[middle:])
        elif (last := await self._retry_alone(records, error)) is not None:
            async with self.store.transaction("consumer") as tx:
                why = f"failed: {describe(last)}"
                await kept.quarantine(tx, self.key, [(records[0], why)])

    async def _retry_alone(
        self, records: Sequence[RawRecord], error: Exception
    ) -> Exception | None:
        """The last failure of a record that stands alone, or None once it is applied."""
        for _ in range(self.patience.tries_alone - 1):
            await asyncio.sleep(self.patience.backoff_s_min)
            try:
                await self._patiently(records)
            except Exception as again:
                if is_transient(again):
                    raise
                error = again
            else:
                return None
        return error

    async def _apply(self, records: Sequence[RawRecord]) -> None:
        items, refused = self._read(records)
        with tracing.consuming(items) as items:
            await prepare(items, self.handlers)
            async with self.store.transaction("consumer") as tx:
                fresh, forged = await inbox.claim(tx, items) if items else ([], [])
                refused += [(item.record, "forged: id used for other content") for item in forged]
                effects = await self.effects(tx, fresh, last_call=False)
                refused += [(item.record, why) for item, why in effects.refused]
                await inbox.forget(tx, [item for item, _ in effects.refused])
                await kept.quarantine(tx, self.key, refused)
                waiting = timedelta(seconds=self.patience.fact_s_max)
                await kept.park(tx, self.key, effects.not_yet, waiting)
                await outbox.append(tx, effects.events)
        APPLIED.inc(len(fresh))

    async def effects(self, tx: Tx, items: Sequence[Item], *, last_call: bool) -> Effects:
        """Decide and save; what must wait is looked at again under the lock of its fact."""
        total = Effects()
        for wave in waves(items):
            for handler, group in grouped(wave, self.handlers):
                locked: set[str] = set()
                effects = await handler.apply(tx, group, last_call)
                while names := {one.waits_for for one in effects.not_yet} - locked:
                    await kept.lock_facts(tx, names)
                    locked |= names
                    again = [one.item for one in effects.not_yet]
                    effects.not_yet = []
                    _add(total, effects)
                    effects = await handler.apply(tx, again, last_call)
                _add(total, effects)
        return total

    def _read(self, records: Sequence[RawRecord]) -> tuple[list[Item], list[tuple[RawRecord, str]]]:
        items: list[Item] = []
        refused: list[tuple[RawRecord, str]] = []
        for record in records:
            try:
                item = read(record)
            except Unreadable as error:
                refused.append((record, error.reason))
                continue
            if reason := misplaced(item, self.handlers, self.prefix):
                refused.append((record, reason))
            else:
                items.append(item)
        return items, refused


def _add(total: Effects, more: Effects) -> None:
    total.events += more.events
    total.not_yet += more.not_yet
    total.refused += more.refused
