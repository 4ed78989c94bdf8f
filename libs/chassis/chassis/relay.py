"""The relay moves outbox rows to Kafka, in order, and keeps what was acknowledged for a week.

One relay a service is active: it holds a session advisory lock on a connection of its own, which
also does its reads and deletes, so that a relay that lost the connection cannot delete.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis import clock, failpoint
from chassis.database import DATABASE_ERRORS, Tx, describe
from chassis.metrics import OUTBOX_AGE_S, OUTBOX_ROWS, SEND_FAILURES, SENT
from chassis.outbox import Store
from chassis.queries import load
from chassis.retention import keep_partitions
from chassis.sending import batches, stop
from chassis.settings import ServiceSettings
from chassis.waiting import Turns, woken

log = structlog.get_logger()
SQL = load("chassis")
RELAY_LOCK = 0x72656C
ROWS_MAX = 500
POLL_S = 0.5
EVERY_S = 0.01  # to Kafka a round of one row costs half of what one of ten does
COUNTED_MAX = 100_000  # a backlog is counted up to here, in some milliseconds
COUNT_EVERY_S = 1.0
PAUSE_S_MAX = 5.0
REQUEST_TIMEOUT_MS = 15_000
SEND_S_MAX = 60.0  # an idempotent producer tries for ever; a new one is tried after this
STOP_S_MAX = 5.0  # what a producer has not delivered by then stays in the outbox


class Relay:
    """`run()` until cancelled; `active` says whether this replica holds the lock."""

    def __init__(self, settings: ServiceSettings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self.active = False
        self._counted_at = -COUNT_EVERY_S

    async def run(self) -> None:
        """Relay for ever; after a failure a new producer resumes at the lowest unsent id."""
        pause = 0.1
        while True:
            try:
                async with self._store.pool.acquire(timeout=5) as connection, _lock(connection):
                    await self._watch(connection)
                    async with self._producing() as producer:
                        self.active = True
                        pause = 0.1
                        await self._relay(connection, producer)
            except (KafkaError, *DATABASE_ERRORS) as error:
                SEND_FAILURES.inc()
                log.warning("relay_failed", error=describe(error))
            finally:
                self.active = False
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_S_MAX)

    @asynccontextmanager
    async def _producing(self) -> AsyncIterator[AIOKafkaProducer]:
        """A started producer; closed also when its start failed, and within a bound."""
        producer = self._producer()
        try:
            await producer.start()
            yield producer
        finally:
            await stop(producer, STOP_S_MAX)

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._settings.kafka_bootstrap,
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_batch_size=256 * 1024,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )

    async def _relay(self, connection: Tx, producer: AIOKafkaProducer) -> None:
        day, turns = None, Turns(EVERY_S)
        while True:
            self._store.committed.clear()
            await self._watch(connection)
            rows = await connection.fetch(SQL["unsent"], ROWS_MAX)
            if rows:
                await self._send(connection, producer, rows)
                if len(rows) < ROWS_MAX:
                    await turns.come()
                continue
            if day != (day := clock.now().date()):
                await keep_partitions(connection, day)
            await woken(self._store.committed, POLL_S)

    async def _send(
        self, connection: Tx, producer: AIOKafkaProducer, rows: list[asyncpg.Record]
    ) -> None:
        made = await batches(producer, self._settings.kafka_topic_prefix, rows)
        failpoint.passing("relay", "before-send")
        sent = []
        for batch in made:
            one = await producer.send_batch(batch.builder, batch.topic, partition=batch.partition)
            sent.append(one)
            failpoint.passing("relay", "amid-sends")
        await asyncio.wait(sent, timeout=SEND_S_MAX)
        failpoint.passing("relay", "after-send")
        failures = [_failure(one) for one in sent]
        acknowledged = [
            row_id
            for batch, failure in zip(made, failures, strict=True)
            if failure is None
            for row_id in batch.ids
        ]
        await self._keep(connection, rows, set(acknowledged))
        failpoint.passing("relay", "after-delete")
        SENT.inc(len(acknowledged))
        for failure in failures:
            if failure is not None:
                raise failure

    async def _keep(
        self, connection: Tx, rows: list[asyncpg.Record], acknowledged: set[int]
    ) -> None:
        """For a week; but of whom a tombstone was sent, nothing that was said before stays."""
        erased = [row for row in rows if row["value"] is None and row["id"] in acknowledged]
        async with connection.transaction() if erased else nullcontext():
            await connection.execute(SQL["move_to_sent"], sorted(acknowledged))
            if erased:
                columns = ([row[name] for row in erased] for name in ("id", "topic", "key"))
                await connection.execute(SQL["forget_sent"], *columns)

    async def _watch(self, connection: Tx) -> None:
        """Tell the backlog, also under load and while no broker answers; at most once a second."""
        now = asyncio.get_running_loop().time()
        if now - self._counted_at < COUNT_EVERY_S:
            return
        self._counted_at = now
        row = await connection.fetchrow(SQL["outbox_state"], COUNTED_MAX)
        assert row is not None
        OUTBOX_ROWS.set(row["rows"])
        OUTBOX_AGE_S.set(row["age_s"])


@asynccontextmanager
async def _lock(connection: Tx) -> AsyncIterator[None]:
    """The session's lock; it ends with the session, whoever ends that."""
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", RELAY_LOCK):  # noqa: ASYNC110  another process holds it
        await asyncio.sleep(POLL_S)
    try:
        yield
    finally:
        with suppress(asyncpg.InterfaceError):  # lost already, and its lock with it
            connection.terminate()


def _failure(sent: "asyncio.Future[Any]") -> BaseException | None:
    """Why a row was not acknowledged, or None."""
    if not sent.done():
        sent.cancel()  # a producer does not stop before what it waits for is done
        return TimeoutError()
    return asyncio.CancelledError() if sent.cancelled() else sent.exception()
