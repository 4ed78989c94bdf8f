"""The servers that tests run against: given by the environment, in containers, or child processes.

TEST_POSTGRES=postgresql://user:password@host:port and TEST_KAFKA=host:port name servers that run
already. Containers are used where a Docker engine answers and has the image; nothing is pulled.
With KAFKA=memory, as for the local stack, the broker is the in-memory one.
"""

import asyncio
import secrets
import signal
import socket
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tools.stack import broker_choice, jars, kafka, postgres, program, settings
from tools.stack.ports import free_port

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka:4.3.1"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """`url` has no password and no database; the password is beside it."""

    url: str
    password: str


@dataclass(frozen=True, slots=True)
class KafkaServer:
    """`why_not_apache` says why the in-memory broker is used instead, where it is."""

    address: str
    why_not_apache: str | None = None


@asynccontextmanager
async def running(wanted: program.Program) -> AsyncIterator[None]:
    """The program, ready, until the block ends."""
    process = await program.start(wanted)
    try:
        await program.until_ready(wanted, process)
        yield
    finally:
        await program.stop(wanted, process)


@asynccontextmanager
async def a_postgres(folder: Path) -> AsyncIterator[PostgresServer]:
    """PostgreSQL 18 on throw-away data."""
    if given := settings.load().environment.get("TEST_POSTGRES"):
        parts = urlsplit(given)
        where = f"{parts.hostname}:{parts.port or 5432}"
        yield PostgresServer(
            f"postgresql://{parts.username}@{where}", unquote(parts.password or "")
        )
        return
    password = secrets.token_urlsafe(12)
    server = postgres.Postgres(
        folder / "postgres", free_port(), password, folder / "postgres.log", durable=False
    )
    url = f"postgresql://postgres@127.0.0.1:{server.port}"
    if await has_image(POSTGRES_IMAGE):
        container = a_container(POSTGRES_IMAGE, 5432, server.port, {"POSTGRES_PASSWORD": password})
        async with contained(container, lambda: postgres_answers(url, password)):
            yield PostgresServer(url, password)
        return
    async with running(postgres.program(server)):
        yield PostgresServer(url, password)


@asynccontextmanager
async def a_kafka(folder: Path) -> AsyncIterator[KafkaServer]:
    """Apache Kafka on throw-away data; where it cannot be had and it is not CI, in memory."""
    if given := settings.load().environment.get("TEST_KAFKA"):
        yield KafkaServer(given)
        return
    node = kafka.Node(folder / "kafka", free_port(), free_port(), folder / "kafka.log")
    if settings.load().kafka != "memory" and await has_image(KAFKA_IMAGE):
        container = a_container(KAFKA_IMAGE, 9092, node.port, kafka_environment(node.port))
        async with contained(container, lambda: kafka_answers(node.bootstrap)):
            yield KafkaServer(node.bootstrap)
        return
    found = _jars()
    if isinstance(found, str):
        async with running(broker_choice.memory_program(folder)):
            yield KafkaServer((folder / "memory-broker").read_text(), found)
        return
    async with running(kafka.program(node, found)):
        yield KafkaServer(node.bootstrap)


class KafkaToHarm:
    """Apache Kafka of a module's own; a signal kills or hangs it."""

    def __init__(self, folder: Path) -> None:
        found = _jars()
        if isinstance(found, str):
            pytest.skip(f"needs Apache Kafka: {found}")
        node = kafka.Node(folder / "kafka", free_port(), free_port(), folder / "kafka.log")
        self.address = node.bootstrap
        self._program = kafka.program(node, found)
        self._process: asyncio.subprocess.Process | None = None

    async def ensure(self) -> None:
        """It runs and answers, whatever was done to it before."""
        if self._process is None or self._process.returncode is not None:
            self._process = await program.start(self._program)
        self.send(signal.SIGCONT)
        await program.until_ready(self._program, self._process)

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def end(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


def _jars() -> list[Path] | str:
    """Apache Kafka's jars, or why there is to be none."""
    configured = settings.load()
    if configured.kafka == "memory":
        return "KAFKA=memory"
    folder = jars.folder_of(configured.jars)
    try:
        return jars.ensure(folder, mirror=configured.maven_mirror)
    except jars.NoJars as problem:
        why = str(problem)
    if configured.ci:
        pytest.fail(why, pytrace=False)
    return why


# --- Containers ---------------------------------------------------------------------------------


async def has_image(image: str) -> bool:
    """Whether a Docker engine answers and holds the image; never in CI, which is as a user's."""
    return not settings.load().ci and await asyncio.to_thread(_has_image, image)


def _has_image(image: str) -> bool:
    if not _engine_listens():
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from docker.client import DockerClient  # noqa: PLC0415  slow; only where an engine may be
        from docker.errors import DockerException  # noqa: PLC0415  the same

        try:
            client = DockerClient.from_env(timeout=5)
        except DockerException:
            return False
        try:
            client.images.get(image)
        except DockerException:
            return False
        finally:
            client.close()
    return True


def _engine_listens() -> bool:
    """Asked first by hand: docker's client leaves a socket open where no engine answers."""
    if settings.load().environment.get("DOCKER_HOST"):
        return True
    with socket.socket(socket.AF_UNIX) as engine:
        return engine.connect_ex("/var/run/docker.sock") == 0


def a_container(image: str, inner: int, outer: int, environment: Mapping[str, str]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415  the same

        container = DockerContainer(image).with_bind_ports(inner, outer)
        for name, value in environment.items():
            container = container.with_env(name, value)
        return container


@asynccontextmanager
async def contained(container: Any, ready: Callable[[], Awaitable[bool]]) -> AsyncIterator[None]:
    """The container, ready, until the block ends."""
    await _forgo_reaper()
    await asyncio.to_thread(container.start)
    try:
        async with asyncio.timeout(120):
            while not await ready():  # noqa: ASYNC110  another process, which sends no event
                await asyncio.sleep(program.POLL_S)
        yield
    finally:
        await asyncio.to_thread(container.stop)


async def _forgo_reaper() -> None:
    """Do without the reaper where its image is not here: what we start, we stop."""
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415  the same

    if not await has_image(testcontainers_config.ryuk_image):
        testcontainers_config.ryuk_disabled = True


async def postgres_answers(url: str, password: str) -> bool:
    """A container's port accepts connections before the server behind it does."""
    try:
        connection = await asyncpg.connect(f"{url}/postgres", password=password, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


async def kafka_answers(address: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    try:
        await admin.start()
        await admin.list_topics()
    except (OSError, KafkaError):
        return False
    finally:
        await admin.close()
    return True


def kafka_environment(port: int) -> Mapping[str, str]:
    """One node, broker and controller, advertised where the tests find it."""
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
