"""The proxy does to a link what it is told, and nothing else."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from faults.proxy import Proxy, is_commit, is_produce

COMMIT = b"Q\x00\x00\x00\x0cCOMMIT;\x00"


@asynccontextmanager
async def echo():
    """A server that says everything again, behind a proxy; yields what it heard and the proxy."""
    heard = []

    async def serve(reader, writer):
        while chunk := await reader.read(1000):
            heard.append(chunk)
            writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy = await Proxy.before(server.sockets[0].getsockname()[1])
    yield heard, proxy
    await proxy.close()
    server.close()


@asynccontextmanager
async def connected(proxy):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)

    async def ask(what: bytes) -> bytes:
        writer.write(what)
        return await asyncio.wait_for(reader.read(1000), 5)

    yield ask
    writer.close()


async def test_a_whole_link_passes_everything_on():
    async with echo() as (_, proxy), connected(proxy) as ask:
        assert await ask(b"hello") == b"hello"


async def test_an_answer_is_lost_after_its_request_was_heard():
    async with echo() as (heard, proxy), connected(proxy) as ask:
        proxy.loses = is_commit
        assert await ask(b"BEGIN;") == b"BEGIN;"
        assert await ask(COMMIT) == b""
        assert heard == [b"BEGIN;", COMMIT]
        assert proxy.lost == 1


async def test_a_silent_link_says_nothing_and_goes_on_when_it_is_healed():
    async with echo() as (heard, proxy), connected(proxy) as ask:
        proxy.silence()
        asking = asyncio.create_task(ask(b"hello"))
        done, _ = await asyncio.wait({asking}, timeout=0.2)
        assert (done, heard) == (set(), [])
        proxy.heal()
        assert await asking == b"hello"


async def test_a_server_that_is_away_closes_the_connection():
    async with echo() as (_, proxy):
        proxy._target = 1
        async with connected(proxy) as ask:
            with pytest.raises((ConnectionError, AssertionError)):
                assert await ask(b"hello") != b""


@pytest.mark.parametrize(
    ("chunk", "yes"),
    [(b"\x00\x00\x01\x00\x00\x00\x00\x0b", False), (b"\x00\x00\x01\x00\x00\x00\x00\x0b..", True),
     (b"\x00\x00\x01\x00\x00\x03\x00\x0b..", False)],
)  # fmt: skip
def test_a_produce_request_is_told_from_others(chunk, yes):
    assert is_produce(chunk) is yes
