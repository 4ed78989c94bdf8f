"""The whole stack: PostgreSQL and Kafka first, then the services; stopped the other way round."""

import asyncio
import functools
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.stack import broker_choice, ports, postgres, running, secret_files, services
from tools.stack.problem import Problem
from tools.stack.program import say
from tools.stack.settings import SERVICES, StackSettings
from tools.stack.supervisor import Supervisor

FREE_BYTES_MIN = 1 << 30
STORES, SERVICES_STAGE = 0, 1  # what is stopped last, and first


@dataclass(frozen=True)
class Addresses:
    """Where everything is, once it runs. `databases` hold passwords."""

    urls: Mapping[str, str]
    kafka: str
    databases: Mapping[str, str] = field(repr=False)
    identity_environment: Mapping[str, str] = field(repr=False)


WhileUp = Callable[[Addresses], Awaitable[int]]


def run(settings: StackSettings, while_up: WhileUp) -> int:
    """Start all, await `while_up`, stop all; SIGINT and SIGTERM stop it earlier, with code 0."""
    with running.alone(settings.local):
        running.stop_leftovers(settings.local)
        require_space(settings)
        running.write(settings.local, {running.SUPERVISOR: os.getpid()})
        return asyncio.run(_until_told(settings, while_up))


def require_space(settings: StackSettings) -> None:
    """Raises Problem under 1 GiB of free space."""
    free = shutil.disk_usage(settings.local).free
    if free < FREE_BYTES_MIN:
        raise Problem(
            f"Only {free >> 20} MiB are free on the disk of {settings.local}, and 1024 are"
            " needed. Free some space, then run the command again."
        )


async def _until_told(settings: StackSettings, while_up: WhileUp) -> int:
    work = asyncio.create_task(_run(settings, while_up))
    told: list[int] = []

    def stop(number: int) -> None:
        if not told:
            say("\nStopping …")
            work.cancel()
        told.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await work
    except asyncio.CancelledError:
        return 0


async def _run(settings: StackSettings, while_up: WhileUp) -> int:
    supervisor = None
    try:
        async with asyncio.TaskGroup() as tasks:
            noted = functools.partial(running.write, settings.local)
            supervisor = Supervisor(tasks, noted)
            addresses = await _start(settings, supervisor)
            code = await while_up(addresses)
            supervisor.leave()
        return code
    finally:
        if supervisor:
            await supervisor.stop()


async def _start(settings: StackSettings, supervisor: Supervisor) -> Addresses:
    needed = {name: settings.ports[name] for name in (*SERVICES, "postgres")}
    if settings.kafka in {None, "apache"}:
        needed |= {name: settings.ports[name] for name in ("kafka", "kafka_controller")}
    ports.require_free(needed)
    secrets = settings.local / "secrets"
    secret_files.ensure(secrets)
    say("Starting PostgreSQL, Kafka and the services …")
    broker = await broker_choice.choose(settings)
    memory = broker.kind == "memory"
    server = _postgres(settings, _databases_folder(settings, memory=memory))
    async with asyncio.TaskGroup() as starting:  # services wait for Kafka by themselves
        kafka = [broker.program] if broker.program else []
        kafka_starts = starting.create_task(supervisor.start(STORES, *kafka))
        await supervisor.start(STORES, postgres.program(server))
        await asyncio.to_thread(postgres.ensure_databases, server, secrets)
        await asyncio.gather(*(services.migrate(settings, name) for name in SERVICES))
        if memory:  # its address is known only then
            await kafka_starts
        programs = services.programs(settings, broker.bootstrap, memory=memory)
        await supervisor.start(SERVICES_STAGE, *programs)
    return Addresses(
        urls={name: services.url(settings, name) for name in SERVICES},
        kafka=broker.bootstrap,
        databases={name: services.database(settings, name, name) for name in SERVICES},
        identity_environment=services.environment(settings, "identity", broker.bootstrap),
    )


def _databases_folder(settings: StackSettings, *, memory: bool) -> Path:
    """A broker in memory forgets its events; so databases beside it begin anew each time."""
    if not memory:
        return settings.local / "postgres"
    shutil.rmtree(settings.local / "memory", ignore_errors=True)
    return settings.local / "memory" / "postgres"


def _postgres(settings: StackSettings, folder: Path) -> postgres.Postgres:
    return postgres.Postgres(
        folder=folder,
        port=settings.ports["postgres"],
        password=secret_files.password_of(settings.local / "secrets", secret_files.SERVER),
        log=settings.local / "logs" / "postgres.log",
    )
