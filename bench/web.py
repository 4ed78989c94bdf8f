"""HTTP with little CPU, and load by an open model: arrivals are fixed beforehand.

A wait is counted from the intended arrival, so that a stall of the services is not hidden.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECTIONS = 64
IDLE_S_MAX = 3.0  # a service closes what was idle for five seconds, perhaps just as it is asked


class Client:
    """Kept-alive connections to one service, one request at a time on each."""

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._free: asyncio.LifoQueue[_Connection | None] = asyncio.LifoQueue()
        for _ in range(connections):
            self._free.put_nowait(None)

    async def ask(self, method: str, path: str, token: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body. Raises OSError where the service is away."""
        request = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n\r\n"
        ).encode() + body
        connection = await self._free.get()
        try:
            if connection is None or connection.is_old():
                if connection:
                    connection.writer.close()
                connection = _Connection(*await asyncio.open_connection(self._host, self._port))
            answer = await _exchange(connection, request)
        except BaseException:
            if connection:
                connection.writer.close()
            connection = None
            raise
        finally:
            self._free.put_nowait(connection)
        return answer

    def close(self) -> None:
        with suppress(asyncio.QueueEmpty):
            while True:
                if connection := self._free.get_nowait():
                    connection.writer.close()


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used_at: float = 0.0

    def is_old(self) -> bool:
        return self.reader.at_eof() or time.monotonic() - self.used_at > IDLE_S_MAX


async def _exchange(connection: _Connection, request: bytes) -> tuple[int, bytes]:
    reader = connection.reader
    connection.writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, rest = head.partition(b"\r\ncontent-length:")
    length = int(rest.partition(b"\r\n")[0] or 0)
    body = await reader.readexactly(length)
    connection.used_at = time.monotonic()
    return int(head[9:12]), body


async def open_model(
    rate: float, count: int, do: Callable[[int], Awaitable[None]]
) -> tuple[list[float], list[float]]:
    """Start `do(n)` at `rate` a second on average, whether or not the earlier ones have ended.

    Returns the intended arrivals (by `time.perf_counter`) and the waits until the end of each, ms.
    """
    arrivals, at = [], time.perf_counter() + 0.5
    chance = random.Random(7)  # noqa: S311  the same arrivals in each run
    for _ in range(count):
        at += chance.expovariate(rate)
        arrivals.append(at)
    waits = [0.0] * count

    async def one(n: int) -> None:
        await do(n)
        waits[n] = (time.perf_counter() - arrivals[n]) * 1000

    async with asyncio.TaskGroup() as group:
        for n, arrival in enumerate(arrivals):
            if (pause := arrival - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            group.create_task(one(n))
    return arrivals, waits
