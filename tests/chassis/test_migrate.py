"""The owner migrates, and says so in a sentence where it cannot; a service waits for that."""

import asyncio
import shutil
import subprocess
import sys

import pytest
from chassis.command_line import Refused
from chassis.database import open_pool
from chassis.migrate import Patience, folder_of, migrate
from chassis.migrations import expect_migrated, lacking

from tests.chassis.bench import Settings
from tests.conftest import OWNER, SERVICE, a_database, as_owner, settings_on, signed_in
from tests.processes import a_child, environment
from tests.waiting import eventually
from tools.stack.settings import ROOT

NOTHING_MISSING = "certificates", ROOT / "services" / "certificates" / "migrations"


@pytest.fixture
def empty(postgres_server):
    """A database that nobody has migrated, for its owner."""
    return as_owner(postgres_server, a_database(postgres_server))


async def as_service(owner, postgres_server):
    url = signed_in(owner.database_url, SERVICE)
    return await open_pool(settings_on(postgres_server, url, Settings), sessions=2)


async def test_a_table_of_a_later_migration_is_granted_as_soon_as_it_is_there(
    empty, postgres_server, tmp_path
):
    await migrate(empty, tmp_path)
    (tmp_path / "0001_later.sql").write_text("CREATE TABLE later (n int)")
    assert await migrate(empty, tmp_path) == 1
    pool = await as_service(empty, postgres_server)
    assert await pool.execute("INSERT INTO later VALUES (1)") == "INSERT 0 1"
    await pool.close()


async def test_migrating_again_changes_nothing_and_two_at_once_take_turns(empty, postgres_server):
    folder = folder_of("certificates")
    new = await asyncio.gather(*(migrate(empty, folder) for _ in range(2)))
    assert min(new) == 0 < max(new)
    pool = await as_service(empty, postgres_server)
    assert await lacking(pool, folder) == []
    await pool.close()


async def test_behind_a_table_in_use_no_migration_stops_the_service_and_it_comes_in_its_turn(
    empty, postgres_server, tmp_path
):
    folder = a_change_of_a_table(tmp_path)
    await migrate(empty, None)
    pool = await as_service(empty, postgres_server)
    async with pool.acquire() as backup:
        async with backup.transaction():
            await backup.execute("LOCK TABLE inbox IN ACCESS SHARE MODE")
            work = asyncio.create_task(migrate(empty, folder, Patience(200, 600, 0)))
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL"
            await eventually(lambda: backup.fetchval(waits))
            assert await pool.fetchval("SELECT count(*) FROM inbox", timeout=20) == 0
        assert await work == 1
    await pool.close()


async def test_a_table_that_stays_in_use_is_told_and_nothing_of_the_migration_is_there(
    empty, postgres_server, tmp_path
):
    await migrate(empty, None)
    pool = await as_service(empty, postgres_server)
    async with pool.acquire() as backup, backup.transaction():
        await backup.execute("LOCK TABLE inbox IN ACCESS SHARE MODE")
        with pytest.raises(Refused, match="0001_change was not applied: a table is in use"):
            await migrate(empty, a_change_of_a_table(tmp_path), Patience(50, 2, 0))
    assert await pool.fetchval("SELECT to_regclass('before_it')") is None
    await pool.close()


def a_change_of_a_table(folder):
    change = "CREATE TABLE before_it (); ALTER TABLE inbox ADD later text"
    (folder / "0001_change.sql").write_text(change)
    return folder


async def test_a_grant_beside_another_change_of_the_same_table_is_tried_again(
    empty, postgres_server
):
    """As when a service makes the table of a day meanwhile."""
    folder = folder_of("certificates")
    await migrate(empty, folder)
    owner = await open_pool(empty, sessions=2)
    async with owner.acquire() as other:
        change = other.transaction()
        await change.start()
        await other.execute(f"GRANT TRUNCATE ON inbox TO {SERVICE}")
        work = asyncio.create_task(migrate(empty, folder))
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'"
        await eventually(lambda: owner.fetchval(waits))
        await change.commit()
        assert await work == 0
    await owner.close()


async def test_an_owner_that_there_is_not_yet_is_told_with_what_makes_it(empty):
    url = signed_in(empty.database_url, "nobody_here")
    with pytest.raises(SystemExit, match=r"there is no owner yet: run docker/.*databases\.sh"):
        await migrate(empty.model_copy(update={"database_url": url}), None)


async def test_who_does_not_own_the_tables_is_told_what_to_run(migrated_url, postgres_server):
    url = await migrated_url("identity")
    stranger = as_owner(postgres_server, url).model_copy(update={"database_url": url})
    with pytest.raises(Refused, match=r"does not own this database .*databases\.sh"):
        await migrate(stranger, folder_of("identity"))


@pytest.mark.parametrize(
    ("role", "told"),
    [("nobody_here", "There is no role nobody_here"), (OWNER, "SERVICE_ROLE is the owner itself")],
)
async def test_a_service_role_that_cannot_be_granted_anything_is_told(empty, role, told):
    with pytest.raises(Refused, match=told):
        await migrate(empty.model_copy(update={"service_role": role}), folder_of("identity"))


async def test_a_database_that_is_not_migrated_is_told_with_the_command_to_run(
    empty, postgres_server, tmp_path
):
    """Also one that lacks a single migration; one that has more than this release knows is fine."""
    pool = await as_service(empty, postgres_server)
    command = "Run python -m chassis.migrate certificates, with the owner's password"
    with pytest.raises(SystemExit, match=f"the first is 0001_chassis.*{command}"):
        await expect_migrated(pool, *NOTHING_MISSING, wait_s=0)
    *before, last = sorted(folder_of("certificates").iterdir())
    for file in before:
        shutil.copy(file, tmp_path)
    await migrate(empty, tmp_path)
    with pytest.raises(SystemExit, match=f"lacks 1 migrations, the first is {last.stem}"):
        await expect_migrated(pool, *NOTHING_MISSING, wait_s=0)
    await migrate(empty, folder_of("certificates"))
    for folder in (tmp_path, folder_of("certificates")):
        await expect_migrated(pool, "certificates", folder, wait_s=0)
    await pool.close()


async def test_a_service_that_signs_in_as_the_owner_does_not_start(empty, postgres_server):
    await migrate(empty, folder_of("certificates"))
    pool = await open_pool(empty, sessions=2)
    with pytest.raises(SystemExit, match="could change the journal"):
        await expect_migrated(pool, *NOTHING_MISSING, wait_s=0)
    await pool.close()


async def test_a_service_that_is_started_too_early_waits_for_the_command_and_serves(
    empty, postgres_server, tmp_path
):
    told = environment(
        signed_in(empty.database_url, SERVICE), postgres_server.password, "127.0.0.1:1"
    )
    async with a_child("certificates", told, tmp_path, ready=False) as child:
        await eventually(lambda: child.wrote("database_not_migrated"), within_s=60)
        owner = told | {"DATABASE_URL": empty.database_url, "SERVICE_ROLE": SERVICE}
        done = await asyncio.to_thread(command, owner, "certificates")
        assert (done.returncode, done.stderr) == (0, "")
        assert "The database of certificates is as this release needs it;" in done.stdout
        await eventually(lambda: child.wrote("kafka_not_ready"), within_s=60)


async def test_the_database_of_another_service_is_told_and_left_as_it_is(
    migrated_url, postgres_server
):
    owner = as_owner(postgres_server, await migrated_url("identity"))
    with pytest.raises(Refused, match="the database of identity"):
        await migrate(owner, folder_of("documents"))
    with pytest.raises(Refused, match="no service chassis"):
        folder_of("chassis")


def test_the_command_names_a_service_that_there_is_not_and_a_setting_that_is_missing():
    done = command({}, "cards")
    assert (done.returncode, done.stderr) == (1, "There is no service cards here.\n")
    done = command({}, "documents")
    assert (done.returncode, done.stderr.count("\n")) == (2, 3)
    assert "Setting SERVICE_ROLE is missing" in done.stderr


def command(told, service) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "chassis.migrate", service],
        cwd=ROOT, env=told, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
