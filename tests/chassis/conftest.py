"""What the tests of the chassis share: a bench on the real broker and database."""

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout

import pytest
import structlog
from chassis import logs
from chassis.topics import ensure

from tests.chassis.bench import TOPIC, Bench, Settings
from tests.conftest import OWNER


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
