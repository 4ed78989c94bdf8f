"""The servers that tests run against, as child processes on free ports, always stopped."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.stack import jars, kafka, postgres, program
from tools.stack.ports import free_port


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """`url` has no password and no database; the password is beside it."""

    url: str
    password: str


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
    password = secrets.token_urlsafe(12)
    server = postgres.Postgres(
        folder / "postgres", free_port(), password, folder / "postgres.log", durable=False
    )
    async with running(postgres.program(server)):
        yield PostgresServer(f"postgresql://postgres@127.0.0.1:{server.port}", password)


@asynccontextmanager
async def a_kafka(folder: Path) -> AsyncIterator[str]:
    """Apache Kafka on throw-away data; the bootstrap address."""
    node = kafka.Node(folder / "kafka", free_port(), free_port(), folder / "kafka.log")
    async with running(kafka.program(node, jars.ensure(jars.default_folder()))):
        yield node.bootstrap
