"""What a service is, and its parts as they start: pool -> tables -> key -> consumers -> relay.

HTTP serves from the first moment, whether or not Kafka answers: commands are accepted into the
outbox and nothing is lost.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from contracts.topics import Topic
from fastapi import APIRouter, FastAPI
from faststream.kafka import KafkaBroker

from chassis import counting, health, journal, pacing, parking, retention, watchdog
from chassis.batches import Consumer, Patience
from chassis.broker import hear, make_broker
from chassis.database import Tx, describe, open_pool
from chassis.handlers import Handler, by_event
from chassis.key_check import AnotherKey, expect_same_key, look
from chassis.migrations import expect_migrated
from chassis.outbox import Store
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from chassis.tokens import TokenCheck
from chassis.topics import ensure

log = structlog.get_logger()
CONSUMERS_STOP_S_MAX = 12.0  # a broker that hangs answers no goodbye

Background = Callable[[Store], Any]


@dataclass(frozen=True)
class Service:
    """What a service is, said in its main.py."""

    name: str
    settings: ServiceSettings
    migrations: Path
    router: APIRouter
    says: Sequence[Topic]
    handlers: Callable[[Store], Sequence[Handler]]
    background: Sequence[Background] = ()
    keeps: Sequence[retention.Rule] = ()
    lanes: Sequence[pacing.Lane] = ()
    oldest: Sequence[counting.Oldest] = ()
    patience: Patience = field(default_factory=Patience)
    state: Any = None


class Running:
    """The parts of a running service, in the order they start; they stop in reverse."""

    def __init__(self, service: Service, leave: Callable[[str], None]) -> None:
        self.service = service
        self.leave = leave
        self.tasks: list[asyncio.Task[Any]] = []
        self.watches: list[watchdog.Watch] = []
        self.broker: KafkaBroker | None = None
        self.started = False

    async def start(self, app: FastAPI) -> None:
        service, settings = self.service, self.service.settings
        self.pool = await open_pool(settings, sessions=1)
        await expect_migrated(self.pool, service.name, service.migrations)
        await expect_same_key(self.pool, settings.key_bytes)
        await self.pool.close()
        self.pool = await open_pool(settings, look=self._look)
        self.store = Store(self.pool)
        self.relay = Relay(settings, self.store)
        handlers = service.handlers(self.store)
        self.hears = list(dict.fromkeys(handler.topic for handler in handlers))
        prefix = settings.kafka_topic_prefix
        self.consumer = Consumer(
            self.store, by_event(handlers, prefix), settings.key_bytes, prefix, service.patience
        )
        app.state.store = self.store
        app.state.settings = settings
        app.state.running = self
        app.state.service = service.state
        app.state.token_check = TokenCheck(
            f"{settings.identity_url.rstrip('/')}/.well-known/jwks.json"
        )
        self._spawn(self._connect())
        self._spawn(journal.run(self.store))
        common = retention.rules(timedelta(days=settings.inbox_kept_days))
        self._spawn(retention.run(self.store, [*common, *service.keeps]))
        self._spawn(counting.run(self.store, service.oldest))
        for background in service.background:
            self._spawn(background(self.store))

    async def _look(self, session: Tx) -> None:
        try:
            await look(session, self.service.settings.key_bytes)
        except AnotherKey as error:
            self.leave(describe(error))
            raise

    def _spawn(self, work: Any) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception as error:
                log.exception("background_died")
                self.leave(describe(error))

        self.tasks.append(asyncio.create_task(guarded()))

    async def _connect(self) -> None:
        """Reach Kafka, however long it takes; then consume, relay and watch."""
        settings = self.service.settings
        while True:
            self.broker = broker = make_broker(settings)
            clock = asyncio.get_running_loop().time
            watches = {topic: self._heard(broker, topic, clock()) for topic in self.hears}
            self.watches = list(watches.values())
            try:
                await ensure(settings, {*self.hears, *self.service.says})
                await broker.start()
                break
            except (KafkaError, OSError) as error:
                log.warning("kafka_not_ready", error=describe(error))
                with suppress(KafkaError, OSError, TimeoutError):
                    await asyncio.wait_for(broker.stop(), 5)
                await asyncio.sleep(1)
        self.started = True
        self._spawn(self.relay.run())
        self._spawn(parking.run(self.consumer))
        for lane in self.service.lanes:
            self._spawn(pacing.run(lane, settings, self.store, watches[lane.topic]))
        self._spawn(watchdog.run(self.watches, self._others_answer, self.leave))
        log.info("serving")

    def _heard(self, broker: KafkaBroker, topic: Topic, now: float) -> watchdog.Watch:
        working: dict[TopicPartition, int] = {}
        subscriber = hear(
            broker, self.service.settings, group=self.service.name, topic=topic,
            on_batch=self.consumer.consume, working=working,
        )  # fmt: skip
        return watchdog.Watch(topic.name, subscriber, now, working)

    async def _others_answer(self) -> bool:
        """Whether this process could make progress: without broker or database nobody can."""
        brokers = health.brokers_answer(self.service.settings.kafka_bootstrap)
        return await brokers and not await health.database_problems(self)

    async def stop(self) -> None:
        if self.broker and self.started:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.broker.stop(), CONSUMERS_STOP_S_MAX)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.pool.close()
