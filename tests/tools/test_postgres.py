"""A killed PostgreSQL comes back on its data; one script makes databases and hands them over."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
from chassis.database import open_pool
from chassis.migrate import Patience, Settings, folder_of, migrate
from chassis.migrate import _apply as apply
from chassis.migrations import CHASSIS_MIGRATIONS, expect_migrated

from tests.conftest import earlier
from tests.waiting import eventually
from tools.stack import postgres, program, secret_files
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


@pytest.fixture
async def running(server):
    wanted = postgres.program(server)
    process = await program.start(wanted)
    await program.until_ready(wanted, process)
    yield server
    await program.stop(wanted, process)


@pytest.fixture
def as_role(running, tmp_path):
    """With what a role signs in to certificates; its password is a file, as for compose."""
    secret_files.ensure(tmp_path)
    return lambda role: Settings(
        database_url=f"postgresql://{role}@127.0.0.1:{running.port}/certificates",
        database_password=secret_files.password_of(tmp_path, role),
        service_role="certificates",
    )


async def as_it_was_before_there_were_owners(server, service: Settings, folder: Path) -> None:
    """The service's role owns its database, has migrated it and has written into it."""
    password = service.database_password.get_secret_value()
    connection = await asyncpg.connect(server.dsn, ssl=False)
    await connection.execute(f"CREATE ROLE certificates LOGIN PASSWORD '{password}'")
    await connection.execute("CREATE DATABASE certificates OWNER certificates")
    await connection.execute("REVOKE ALL ON DATABASE certificates FROM PUBLIC")
    await connection.close()
    await migrated_by_itself(service, folder)
    pool = await open_pool(service, sessions=1)
    await pool.execute("CREATE TABLE outbox_sent_20260101 (LIKE outbox_sent)")
    await pool.execute("INSERT INTO rules VALUES ('', true, 5, NULL, gen_random_uuid(), now())")
    await pool.close()


async def migrated_by_itself(service: Settings, folder: Path) -> None:
    """By a release that knows nothing of owners."""
    earlier(CHASSIS_MIGRATIONS, "0012", folder)
    await asyncio.to_thread(apply, service, [folder, folder_of("certificates")], Patience())


async def given_back(server) -> None:
    """The way back to that release, as the operators' guide says."""
    dsn = f"{server.dsn.rpartition('/')[0]}/certificates"
    connection = await asyncpg.connect(dsn, ssl=False)
    await connection.execute("REASSIGN OWNED BY certificates_owner TO certificates")
    await connection.close()


async def test_what_a_service_owned_is_handed_over_to_the_owner_once_and_for_all(
    running, as_role, tmp_path
):
    """The commands of the operators' guide on an installation of before: there, back, and again."""
    service, owner = as_role("certificates"), as_role("certificates_owner")
    await as_it_was_before_there_were_owners(running, service, tmp_path / "before")
    for again in (False, True):
        if again:
            await given_back(running)
            await migrated_by_itself(service, tmp_path / "before")
        await asyncio.to_thread(postgres.ensure_databases, running, tmp_path)
        await migrate(owner, folder_of("certificates"))
    pool = await open_pool(service, sessions=2)
    await expect_migrated(pool, "certificates", folder_of("certificates"), wait_s=0)
    assert await pool.fetchval("SELECT count(*) FROM rules") == 1
    await pool.execute("DELETE FROM rules")
    kinds = await pool.fetch("""
        SELECT relname FROM pg_class WHERE relowner = current_user::regrole
        UNION ALL SELECT proname FROM pg_proc WHERE proowner = current_user::regrole
        UNION ALL SELECT datname FROM pg_database WHERE datdba = current_user::regrole""")
    assert kinds == []
    for beyond in ("ALTER TABLE journal DISABLE TRIGGER ALL", "CREATE TEMP TABLE journal_start ()"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(beyond)
    await pool.close()


async def test_each_of_the_two_roles_has_a_password_of_its_own_and_no_other_database(
    running, as_role, tmp_path
):
    await asyncio.to_thread(postgres.ensure_databases, running, tmp_path)
    for role in ("certificates", "certificates_owner"):
        password = as_role(role).database_password.get_secret_value()
        url = f"postgresql://{role}:{password}@127.0.0.1:{running.port}"
        await (await asyncpg.connect(f"{url}/certificates", ssl=False)).close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(f"{url}/documents", ssl=False)
    passwords = {path.read_text() for path in tmp_path.glob("*/database_password")}
    assert len(passwords) == 7
