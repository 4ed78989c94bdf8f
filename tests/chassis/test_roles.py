"""A service signs in as a role that owns nothing: journal and migrations are beyond its reach."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import psycopg
import pytest
from chassis import journal, retention
from chassis.database import open_pool
from chassis.outbox import Store

from tests.builders import NOW, an_id
from tests.chassis.bench import Settings
from tests.conftest import OWNER, SERVICE, settings_on, signed_in
from tools.stack.settings import SERVICES

OLD = datetime.now(UTC) - retention.YEARS_3 - timedelta(days=1)
ENTRY = journal.Entry(NOW, an_id("clerk"), "staff", "found", an_id("child"), "centre", "причина")
FORBIDDEN = asyncpg.InsufficientPrivilegeError


@asynccontextmanager
async def a_service(server, url):
    """Its store, signed in as it is, with an old and a young entry that are sealed."""
    pool = await open_pool(settings_on(server, url, Settings), sessions=2)
    store = Store(pool)
    async with store.transaction() as tx:
        await journal.append(tx, [replace(ENTRY, happened_at=OLD), ENTRY])
    assert await journal.seal(store) == 2
    yield store
    await pool.close()


@pytest.fixture
async def service(migrated_url, postgres_server):
    async with a_service(postgres_server, await migrated_url("certificates")) as store:
        yield store


@pytest.fixture(scope="module")
async def guarded(migrated_url, postgres_server):
    """For tests that can change nothing. Closed to others as docker/postgres/databases.sh does."""
    url = await migrated_url("certificates")
    name = url.rpartition("/")[2]
    known = {"password": postgres_server.password, "autocommit": True}
    with psycopg.connect(signed_in(url, OWNER), **known) as owner:
        owner.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        owner.execute(f"GRANT CONNECT ON DATABASE {name} TO {SERVICE}")
    async with a_service(postgres_server, url) as store:
        yield store


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE journal SET details = 'x'",
        "UPDATE journal SET happened_at = '2000-01-01'",
        "TRUNCATE journal",
        "INSERT INTO journal (link, hash) VALUES (3, '')",
        "INSERT INTO journal (id) OVERRIDING SYSTEM VALUE VALUES (9)",
        "UPDATE journal SET link = 7, hash = ''",
        "UPDATE journal_links SET hash = ''",
        "UPDATE journal_unsealed SET id = 9",
        "INSERT INTO journal_unsealed VALUES (9)",
        "TRUNCATE journal_links",
        "TRUNCATE journal_unsealed",
        "ALTER TABLE journal DISABLE TRIGGER journal_appended",
        "ALTER TABLE journal_links DISABLE TRIGGER ALL",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
        "ALTER TABLE journal DISABLE TRIGGER journal_append_only",
        "ALTER TABLE journal ENABLE REPLICA TRIGGER journal_append_only",
        "DROP TRIGGER journal_append_only ON journal",
        """CREATE TRIGGER z BEFORE DELETE ON journal FOR EACH ROW
           EXECUTE FUNCTION journal_is_append_only()""",
        "CREATE RULE r AS ON INSERT TO journal DO INSTEAD NOTHING",
        "ALTER TABLE journal ADD mine text",
        "ALTER TABLE journal RENAME TO mine",
        "ALTER TABLE journal OWNER TO CURRENT_USER",
        "DROP TABLE journal",
        "DROP TABLE journal_start",
        "DROP FUNCTION journal_is_append_only CASCADE",
        "ALTER FUNCTION journal_is_append_only() RESET ALL",
        """CREATE OR REPLACE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql
           AS 'BEGIN RETURN OLD; END'""",
        "SET session_replication_role = replica",
        f"SET ROLE {OWNER}",
        f"SET SESSION AUTHORIZATION {OWNER}",
        f"GRANT {OWNER} TO CURRENT_USER",
    ],
)
async def test_the_journal_and_what_guards_it_are_beyond_the_services_role(guarded, damage):
    before = await guarded.pool.fetch("SELECT * FROM journal")
    with pytest.raises(FORBIDDEN):
        await guarded.pool.execute(damage)
    assert await guarded.pool.fetch("SELECT * FROM journal") == before


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM journal",
        "DELETE FROM journal WHERE id = 2",
        "DELETE FROM journal_links",
        "DELETE FROM journal_links WHERE link = 2",
    ],
)
async def test_what_it_may_do_with_the_journal_its_trigger_allows_for_none_that_is_young(
    guarded, damage
):
    """Also where it has moved the beginning of the chain as far as it likes."""
    await guarded.pool.execute("UPDATE journal_start SET link = 2")
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await guarded.pool.execute(damage)


@pytest.mark.parametrize(
    "damage",
    [
        "CREATE TABLE mine ()",
        "CREATE TEMP TABLE journal_start (link bigint)",
        "CREATE SCHEMA mine",
        "CREATE VIEW mine AS SELECT",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE inbox ADD mine text",
        "DROP TABLE inbox",
        "TRUNCATE inbox",
        "CREATE INDEX ON inbox (digest)",
        "ALTER SEQUENCE number_serials RESTART",
        "SELECT setval('number_serials', 1)",
        "ALTER DEFAULT PRIVILEGES FOR ROLE tests_owner GRANT ALL ON TABLES TO tests_service",
    ],
)
async def test_it_can_make_and_change_no_table_and_no_function(guarded, damage):
    """Not even for itself alone, where a name could stand before ours in the search path."""
    with pytest.raises(FORBIDDEN):
        await guarded.pool.execute(damage)


async def test_it_can_say_of_no_migration_that_it_was_applied(guarded):
    tables = await guarded.pool.fetch("SELECT tablename FROM pg_tables WHERE tablename ~ 'yoyo'")
    assert len(tables) == 4
    for (table,) in tables:
        for write in (f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
            with pytest.raises(FORBIDDEN):
                await guarded.pool.execute(write)


async def test_where_the_journal_begins_is_read_from_our_table_whatever_the_search_path_says(
    service, postgres_server
):
    """A schema before ours in the path, should ever somebody give the role one."""
    name = await service.pool.fetchval("SELECT current_database()")
    known = {"password": postgres_server.password, "autocommit": True}
    with psycopg.connect(f"{postgres_server.url}/{name}", **known) as superuser:
        superuser.execute(f"CREATE SCHEMA mine AUTHORIZATION {SERVICE}")
    async with service.pool.acquire() as tx:
        await tx.execute("CREATE TABLE mine.journal_start AS SELECT 2::bigint AS link")
        await tx.execute("CREATE TABLE mine.journal_unsealed (id bigint)")
        await tx.execute("SET search_path = mine, public")
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await tx.execute("DELETE FROM public.journal WHERE id = 1")
        await journal.append(tx, [ENTRY])
        assert await tx.fetchval("SELECT count(*) FROM public.journal_unsealed") == 1


async def test_old_entries_go_and_young_ones_stay_under_the_services_role(service):
    assert await retention.prune(service.pool, retention.JOURNAL, datetime.now(UTC)) == 1
    async with service.pool.acquire() as tx:
        found = await journal.check(tx)
    assert (found.first, found.last, found.broken) == (2, 2, None)


async def test_days_of_outbox_sent_are_made_filled_and_dropped_under_the_services_role(service):
    days = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'outbox_sent'::regclass"
    at = datetime(2026, 11, 24, tzinfo=UTC)
    async with service.pool.acquire() as tx:
        for day in (at.date(), at.date() + retention.SENT_KEPT + timedelta(days=3)):
            await retention.keep_partitions(tx, day)
            assert await tx.fetchval(days) == 3
        await tx.execute("INSERT INTO outbox_sent VALUES (1, 't', 'k', NULL, '{}', $1, $1)", at)
        assert await tx.execute("DELETE FROM outbox_sent") == "DELETE 1"


@pytest.mark.parametrize("name", SERVICES)
async def test_every_table_of_each_service_can_be_written_by_it_and_belongs_to_the_owner(
    migrated_url, postgres_server, name
):
    url = await migrated_url(name)
    pool = await open_pool(settings_on(postgres_server, url, Settings), sessions=2)
    tables = await pool.fetch("""
        SELECT relname, pg_get_userbyid(relowner) AS owner,
            bool_and(has_table_privilege(oid, wish)) AS can
        FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wish
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
        GROUP BY 1, 2""")
    await pool.close()
    assert {row["owner"] for row in tables} == {OWNER}
    cannot = {row["relname"] for row in tables if not row["can"]}
    assert cannot == {
        "journal", "journal_links", "journal_unsealed",
        "_yoyo_log", "_yoyo_migration", "_yoyo_version", "yoyo_lock",
    }  # fmt: skip
