"""A killed PostgreSQL comes back on the same data, and never beside what it left behind."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.waiting import eventually
from tools.stack import postgres, program
from tools.stack.ports import free_port
from tools.stack.problem import Problem


@pytest.fixture
async def server() -> AsyncIterator[postgres.Postgres]:
    """Not pytest's folder: PostgreSQL runs as a user of its own and must get in."""
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as name:
        yield postgres.Postgres(
            Path(name) / "data", free_port(), "secret", Path(name) / "log", durable=False
        )


@asynccontextmanager
async def a_session_that_notices_nothing(server) -> AsyncIterator[psutil.Process]:
    """It works without a pause, so it does not see that its server is gone."""
    session = await asyncpg.connect(server.dsn, ssl=False)
    process = psutil.Process(await session.fetchval("SELECT pg_backend_pid()"))
    work = asyncio.create_task(session.execute("DO 'BEGIN LOOP END LOOP; END'"))
    try:
        await eventually(lambda: process.cpu_times().user > 0.2)
        yield process
    finally:
        with suppress(psutil.NoSuchProcess):
            process.kill()
        await asyncio.wait({work})
        work.exception()
        session.terminate()


async def test_a_killed_server_starts_again_only_after_its_last_session_has_ended(server):
    """Two servers on one folder destroy it."""
    wanted = postgres.program(server)
    running = await program.start(wanted)
    try:
        await program.until_ready(wanted, running)
        async with a_session_that_notices_nothing(server) as session:
            running.kill()
            await running.wait()
            running = await program.start(wanted)
            with pytest.raises(Problem, match="shared memory block"):
                await program.until_ready(wanted, running)
            assert session.is_running()
        await eventually(lambda: not session.is_running())
        running = await program.start(wanted)
        await program.until_ready(wanted, running)
    finally:
        await program.stop(wanted, running)
