"""One process of a service: its port, its application, and the way out.

Stopping is bounded: what does not end in time is ended.
"""

import asyncio
import gc
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from chassis import failpoint, health, logs, tracing
from chassis.service import Running, Service
from chassis.settings import ServiceSettings
from chassis.web import make_app

log = structlog.get_logger()
EXIT_PORT_IN_USE = 2
EXIT_DEAD = 70
# A stop takes less than 30 s: open requests, then consumers, relay and pool.
REQUESTS_S_MAX = 8
STOP_S_MAX = 20.0
GC_OBJECTS = 200_000  # more than a batch of 500 holds at once: then there is nothing to walk


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

    return make_app(service.name, lifespan, service.router, health.router)


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
    failpoint.arm(settings.failpoint)
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
