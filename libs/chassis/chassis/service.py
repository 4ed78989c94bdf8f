"""One process of a service: settings -> pool -> broker -> routes -> relay -> app, and the way out.

HTTP serves from the first moment, whether or not Kafka answers: commands are accepted into the
outbox and nothing is lost. Stopping is bounded: what does not end in time is ended.
"""

import asyncio
import gc
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from contracts.topics import Topic
from fastapi import APIRouter, FastAPI
from faststream.kafka import KafkaBroker

from chassis import auth, health, journal, logs, parking, pruning, tracing, watchdog
from chassis.batches import Consumer, Patience
from chassis.broker import hear, make_broker
from chassis.database import describe, migrate, open_pool
from chassis.handlers import Handler, by_event
from chassis.key_check import expect_same_key
from chassis.outbox import Store
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from chassis.topics import ensure
from chassis.web import make_app

log = structlog.get_logger()
EXIT_PORT_IN_USE = 2
EXIT_DEAD = 70
# A stop takes less than 30 s: open requests, then consumers, relay and pool.
REQUESTS_S_MAX = 8
CONSUMERS_STOP_S_MAX = 12.0  # a broker that hangs answers no goodbye
STOP_S_MAX = 20.0
GC_OBJECTS = 50_000  # a batch of 500 makes about as many

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
        self.pool = await open_pool(settings)
        await migrate(self.pool, settings, [service.migrations])
        await expect_same_key(self.pool, settings.key_bytes)
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
        app.state.token_check = auth.TokenCheck(
            f"{settings.identity_url.rstrip('/')}/.well-known/jwks.json"
        )
        self._spawn(self._connect())
        self._spawn(journal.run(self.store))
        self._spawn(pruning.run(self.store, timedelta(days=settings.inbox_kept_days)))
        for background in service.background:
            self._spawn(background(self.store))

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
            self.watches = [self._heard(broker, topic, clock()) for topic in self.hears]
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


def listen(settings: ServiceSettings, name: str) -> socket.socket:
    """The service's port, or one clear sentence."""
    sock = socket.socket(socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.http_host, settings.http_port))
    except OSError as error:
        sock.close()
        sys.stderr.write(
            f"{name} cannot listen on {settings.http_host}:{settings.http_port}"
            f" ({error.strerror}). End what uses the port or set HTTP_PORT to another one.\n"
        )
        raise SystemExit(EXIT_PORT_IN_USE) from None
    return sock


def make(service: Service, leave: Callable[[str], None]) -> FastAPI:
    """The ASGI application of a service; everything starts and stops with its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running = Running(service, leave)
        try:
            await running.start(app)
        except SystemExit as error:
            sys.stderr.write(f"{service.name}: {error}\n")
            os._exit(1)
        yield
        stopping = asyncio.create_task(running.stop())
        if not (await asyncio.wait({stopping}, timeout=STOP_S_MAX))[0]:
            log.warning("stop_took_too_long", wait_s=STOP_S_MAX)
            os._exit(EXIT_DEAD)
        await stopping

    app = make_app(service.name, lifespan)
    app.include_router(service.router)
    app.include_router(health.router)
    return app


class Server(uvicorn.Server):
    """Ends with its own exit code; uvicorn would end itself once more by the signal it got."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        if not self.started:  # waiting for the database, perhaps: nothing was begun
            os._exit(0)
        super().handle_exit(sig, frame)
        self._captured_signals.clear()


def run(service: Service) -> None:
    """Serve until SIGTERM or SIGINT (exit 0), or until the watchdog gives up (exit 70)."""
    settings = service.settings
    logs.start(service.name, settings.log_level)
    provider = tracing.start(service.name, settings.otel_exporter_otlp_endpoint)
    sock = listen(settings, service.name)
    dead: list[str] = []

    def leave(reason: str) -> None:
        dead.append(reason)
        server.should_exit = True

    server = Server(
        uvicorn.Config(
            make(service, leave), log_config=None, access_log=False,
            timeout_graceful_shutdown=REQUESTS_S_MAX, loop="uvloop", http="httptools",
        )
    )  # fmt: skip
    gc.freeze()  # what was imported lives for ever: not to be looked at again with each batch
    gc.set_threshold(GC_OBJECTS)
    server.run(sockets=[sock])
    if provider:
        provider.shutdown()
    if dead:
        log.error("left", reason=dead[0], exit_code=EXIT_DEAD)
        raise SystemExit(EXIT_DEAD)
