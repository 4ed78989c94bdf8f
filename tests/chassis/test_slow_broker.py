"""While a broker is slow no transaction is open: what Kafka has is read first."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import pytest
from chassis import commands, healing

from tests.chassis.bench import TOPIC, Settings
from tests.waiting import eventually

PLACE = f"{TOPIC.name}:0:0"
OPEN = (
    "SELECT pid, state, query FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
)


@pytest.fixture
async def slow(deaf_bench) -> AsyncIterator[asyncio.Event]:
    """A broker of the bench that takes the question and does not answer; set when it was asked."""
    asked = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        with suppress(OSError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    changed = {"kafka_bootstrap": f"{host}:{port}"}
    deaf_bench.settings = deaf_bench.settings.model_copy(update=changed)
    yield asked
    server.close()


async def hear(settings: Settings) -> None:
    words = ["record", "hear", PLACE, "--by", "bench"]
    await commands.run(commands.arguments_of(words), settings)


async def heal(settings: Settings) -> None:
    async def cure(_: Settings, reader, words: Sequence[str]):
        await reader.at(words[0])
        raise AssertionError("nobody answers")

    async for _ in healing.heal(settings, cure, [PLACE]):
        pass


@pytest.mark.parametrize("command", [hear, heal])
async def test_no_transaction_is_open_while_a_record_is_read(command, deaf_bench, slow):
    task = asyncio.create_task(command(deaf_bench.settings))
    await eventually(lambda: slow.is_set() or task.done())
    assert await deaf_bench.pool.fetch(OPEN) == []
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
