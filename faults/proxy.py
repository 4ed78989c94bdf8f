"""A TCP proxy on loopback that loses answers, falls silent, or is slow."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self, TypeAlias

CHUNK = 64 * 1024
Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter


def is_commit(chunk: bytes) -> bool:
    """Whether a client tells PostgreSQL to commit, as asyncpg does."""
    return b"COMMIT;\x00" in chunk


def is_produce(chunk: bytes) -> bool:
    """Whether it begins with a Produce request of Kafka's protocol: size, then API key 0."""
    return len(chunk) > 8 and chunk[4:6] == b"\x00\x00" and int.from_bytes(chunk[:4]) > 16


class Proxy:
    """Passes everything on until one of its faults is switched on.

    `loses`: the answer to a request for which it says yes is dropped, and the connection with it,
    `lost` times so far. `silent`: nothing passes, and nothing is closed. `delay_s`: each chunk.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._open: set[asyncio.Task[None]] = set()
        self.loses: Callable[[bytes], bool] | None = None
        self.lost = 0
        self.delay_s = 0.0
        self._flowing = asyncio.Event()
        self._flowing.set()

    @classmethod
    async def before(cls, target: int) -> Self:
        """One that listens on a port of its own, in front of this one."""
        made = cls(target)
        made._server = await asyncio.start_server(made._serve, "127.0.0.1", 0)
        return made

    _server: asyncio.Server

    @property
    def port(self) -> int:
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    def silence(self) -> None:
        """From now on both sides hear nothing, and think that all is well."""
        self._flowing.clear()

    def heal(self) -> None:
        self.loses, self.delay_s = None, 0.0
        self._flowing.set()

    async def close(self) -> None:
        self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            theirs = await asyncio.open_connection("127.0.0.1", self._target)
            await self._pump((reader, writer), theirs)
        except OSError:
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _pump(self, ours: tuple[Reader, Writer], theirs: tuple[Reader, Writer]) -> None:
        dropping = asyncio.Event()
        both = {
            asyncio.create_task(self._there(ours[0], theirs[1], dropping)),
            asyncio.create_task(self._back(theirs[0], ours[1], dropping)),
        }
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            theirs[1].close()

    async def _there(self, reader: Reader, writer: Writer, dropping: asyncio.Event) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                await self._hold()
                if self.loses and self.loses(chunk):
                    dropping.set()
                writer.write(chunk)
                await writer.drain()

    async def _back(self, reader: Reader, writer: Writer, dropping: asyncio.Event) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if dropping.is_set():
                    self.lost += 1
                    return
                await self._hold()
                writer.write(chunk)
                await writer.drain()

    async def _hold(self) -> None:
        await self._flowing.wait()
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
