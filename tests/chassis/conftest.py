"""What the tests of the chassis share: a bench on the real broker and database."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import redirect_stdout
from functools import partial

import pytest
import structlog
from chassis import logs
from chassis.database import Pool, open_pool
from chassis.migrate import Patience, migrate
from chassis.migrate import _apply as apply
from chassis.migrations import CHASSIS_MIGRATIONS
from chassis.topics import ensure

from tests.chassis.bench import TOPIC, Bench, Settings
from tests.conftest import OWNER, a_database, as_owner, earlier, settings_on


@pytest.fixture
async def bench(kafka, topic_prefix, settings_for, migrated) -> Bench:
    settings = settings_for(Settings, kafka_bootstrap=kafka, kafka_topic_prefix=topic_prefix)
    await ensure(settings, {TOPIC})
    return await a_bench(settings, migrated)


@pytest.fixture
async def deaf_bench(settings_for, migrated, topic_prefix) -> Bench:
    """The same without a broker: nobody listens on port 1."""
    return await a_bench(settings_for(Settings, kafka_topic_prefix=topic_prefix), migrated)


async def a_bench(settings, migrated) -> Bench:
    pool = await migrated(settings, None)
    async with pool.acquire() as tx, tx.transaction():
        await tx.execute(f"SET LOCAL ROLE {OWNER}")  # so that the service's role is granted it
        await tx.execute("CREATE TABLE effects (event_id text NOT NULL, key text NOT NULL)")
    return Bench(settings, pool)


@pytest.fixture
def our_logs() -> Iterator[Callable[[], str]]:
    """Logs as a service writes them at its most talkative; call it for what was written."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("chassis.kafka", "aiokafka")}
    root.handlers.clear()
    written = io.StringIO()
    with redirect_stdout(written):
        logs.start("bench", "debug")
    yield written.getvalue
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.getLogger("uvicorn.access").disabled = False
    structlog.reset_defaults()


@pytest.fixture
async def chassis_before(postgres_server, tmp_path):
    """Makes a database as it was before a migration of the chassis; then applies the others."""
    pools: list[Pool] = []

    async def make(first_left_out: str) -> tuple[Pool, Callable[[], Awaitable[int]]]:
        owner = as_owner(postgres_server, a_database(postgres_server))
        before = earlier(CHASSIS_MIGRATIONS, first_left_out, tmp_path / "before")
        no_service = tmp_path / "no_service"
        no_service.mkdir()
        await asyncio.to_thread(apply, owner, [before], Patience())
        pools.append(await open_pool(settings_on(postgres_server, owner.database_url, Settings)))
        return pools[-1], partial(migrate, owner, no_service)

    yield make
    for pool in pools:
        await pool.close()
