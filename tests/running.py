"""A whole service in this process: its doors, consumers and relay, on the real servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from chassis.service import Running, Service, make
from httpx import ASGITransport, AsyncClient

from tests.waiting import eventually


@dataclass(frozen=True, slots=True)
class Whole:
    """`left` grows when the service gives up."""

    http: AsyncClient
    running: Running
    left: list[str]

    @property
    def pool(self) -> Any:
        return self.running.pool

    async def is_ready(self) -> bool:
        return (await self.http.get("/health/ready")).status_code == 200

    async def count(self, table: str) -> int:
        return int(await self.pool.fetchval(f"SELECT count(*) FROM {table}"))


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[Whole]:
    """The service, ready, until the block ends."""
    left: list[str] = []
    app = make(service, left.append)
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="http://t", trust_env=False) as http:
            whole = Whole(http, app.state.running, left)
            await eventually(whole.is_ready)
            yield whole
