"""The relay moves outbox rows to Kafka, in order, and keeps what was acknowledged for a week.

One relay a service is active: it holds a session advisory lock on a connection of its own, which
also does its reads and deletes, so that a relay that lost the connection cannot delete.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis import clock
from chassis.database import Tx, describe
from chassis.metrics import OUTBOX_AGE_S, OUTBOX_ROWS, SEND_FAILURES, SENT
from chassis.outbox import Store
from chassis.queries import load
from chassis.sending import batches
from chassis.settings import ServiceSettings

log = structlog.get_logger()
SQL = load("chassis")
RELAY_LOCK = 0x72656C
ROWS_MAX = 500
POLL_S = 0.5
KEPT_DAYS = 7
COUNTED_MAX = 100_000  # a backlog is counted up to here, in some milliseconds
COUNT_EVERY_S = 1.0
PAUSE_S_MAX = 5.0
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
                async with self._store.pool.acquire(timeout=5) as connection:
                    await self._hold_lock(connection)
                    await self._watch(connection)
                    async with self._producing() as producer:
                        self.active = True
                        pause = 0.1
                        await self._relay(connection, producer)
            except (KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                SEND_FAILURES.inc()
                log.warning("relay_failed", error=describe(error))
            finally:
                self.active = False
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_S_MAX)

    async def _hold_lock(self, connection: Tx) -> None:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", RELAY_LOCK):  # noqa: ASYNC110  another process holds it
            await asyncio.sleep(POLL_S)

    @asynccontextmanager
    async def _producing(self) -> AsyncIterator[AIOKafkaProducer]:
        """A started producer; closed also when its start failed, and within a bound."""
        producer = self._producer()
        try:
            await producer.start()
            yield producer
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(producer.stop(), STOP_S_MAX)

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._settings.kafka_bootstrap,
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_batch_size=256 * 1024,
            request_timeout_ms=15_000,
        )

    async def _relay(self, connection: Tx, producer: AIOKafkaProducer) -> None:
        day = None
        while True:
            self._store.committed.clear()
            await self._watch(connection)
            rows = await connection.fetch(SQL["unsent"], ROWS_MAX)
            if rows:
                await self._send(connection, producer, rows)
                continue
            if day != (day := clock.now().date()):
                await keep_partitions(connection, day)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._store.committed.wait(), POLL_S)

    async def _send(
        self, connection: Tx, producer: AIOKafkaProducer, rows: list[asyncpg.Record]
    ) -> None:
        made = await batches(producer, self._settings.kafka_topic_prefix, rows)
        sent = [
            await producer.send_batch(batch.builder, batch.topic, partition=batch.partition)
            for batch in made
        ]
        results = await asyncio.gather(*sent, return_exceptions=True)
        acknowledged = [
            row_id
            for batch, result in zip(made, results, strict=True)
            if not isinstance(result, BaseException)
            for row_id in batch.ids
        ]
        await connection.execute(SQL["move_to_sent"], acknowledged)
        SENT.inc(len(acknowledged))
        for result in results:
            if isinstance(result, BaseException):
                raise result

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


async def keep_partitions(connection: Tx, today: date) -> None:
    """A partition of `outbox_sent` for today and tomorrow; those past a week are dropped."""
    existing = {row["name"] for row in await connection.fetch(SQL["sent_partitions"])}
    for day in (today, today + timedelta(days=1)):
        name = f"outbox_sent_{day:%Y%m%d}"
        if name not in existing:
            until = day + timedelta(days=1)
            # The day's rows may already lie in the default partition (first start, a long pause).
            async with connection.transaction():
                await connection.execute(f"""
                    CREATE TABLE {name} (LIKE outbox_sent INCLUDING DEFAULTS);
                    WITH rest AS (DELETE FROM outbox_sent_rest
                        WHERE sent_at >= '{day}Z' AND sent_at < '{until}Z' RETURNING *)
                    INSERT INTO {name} SELECT * FROM rest;
                    ALTER TABLE outbox_sent ATTACH PARTITION {name}
                        FOR VALUES FROM ('{day}Z') TO ('{until}Z')""")  # noqa: S608  ours
    oldest = f"outbox_sent_{today - timedelta(days=KEPT_DAYS):%Y%m%d}"
    for name in sorted(existing - {"outbox_sent_rest"}):
        if name < oldest:
            await connection.execute(f"DROP TABLE {name}")
