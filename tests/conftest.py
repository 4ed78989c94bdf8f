"""Servers are started when the first test asks for them: pure tests do not pay."""

import base64
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from chassis import clock
from chassis.database import Pool, open_pool
from chassis.migrate import Settings as OwnersSettings
from chassis.migrate import migrate

from tests.servers import KafkaServer, PostgresServer, a_kafka, a_postgres
from tests.standing import Clock

ROOT = Path(__file__).parent.parent
KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
RUN = secrets.token_hex(3)  # a server may have seen other runs
_databases = count(1)
# Every test database has these; tests themselves stand outside, as the server's superuser.
OWNER, SERVICE = "tests_owner", "tests_service"

# Databases by the thousand: in memory one is made in 30 ms, on a busy disk in up to 750.
MEMORY, BYTES_MIN = Path("/dev/shm"), 8 << 30  # noqa: S108  only names that nobody guesses
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > BYTES_MIN and "TMPDIR" not in os.environ:
    tempfile.tempdir = str(MEMORY)


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """Not pytest's: PostgreSQL runs as a user of its own and must get in."""
    with tempfile.TemporaryDirectory(prefix="servers-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(scope="session")
async def postgres_server(servers_folder) -> AsyncIterator[PostgresServer]:
    async with a_postgres(servers_folder) as server:
        _make_roles(server)
        yield server


def _make_roles(server: PostgresServer) -> None:
    with psycopg.connect(f"{server.url}/postgres", password=server.password, autocommit=True) as tx:
        for role in (OWNER, SERVICE):
            named, password = psycopg.sql.Identifier(role), psycopg.sql.Literal(server.password)
            if not tx.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount:
                tx.execute(psycopg.sql.SQL("CREATE ROLE {}").format(named))
            sign_in = psycopg.sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
            tx.execute(sign_in.format(named, password))


@pytest.fixture(scope="session")
async def kafka_server(servers_folder) -> AsyncIterator[KafkaServer]:
    async with a_kafka(servers_folder) as server:
        yield server


@pytest.fixture(scope="session")
def kafka(kafka_server) -> str:
    """The address of a broker; `@pytest.mark.apache` where it must be Apache Kafka itself."""
    address: str = kafka_server.address
    return address


@pytest.fixture(autouse=True)
def _apache_where_marked(request) -> None:
    if request.node.get_closest_marker("apache"):
        why_not = request.getfixturevalue("kafka_server").why_not_apache
        if why_not:
            pytest.skip(f"needs Apache Kafka: {why_not}")


@pytest.fixture
def time(monkeypatch) -> Clock:
    """The services' clock stands still, at this moment, until the test lets time pass."""
    standing = Clock()
    monkeypatch.setattr(clock, "now", lambda: standing.at)
    return standing


@pytest.fixture
def topic_prefix() -> str:
    """A test hears only its own events."""
    return a_prefix()


def a_prefix() -> str:
    return f"t{RUN}-{next(_databases)}."


@pytest.fixture
def database_url(postgres_server) -> str:
    """A fresh, empty database."""
    return a_database(postgres_server)


def a_database(server: PostgresServer, name: str | None = None, *, like: str = "template1") -> str:
    """Fresh and empty, or a copy of another one."""
    name = name or a_name()
    with psycopg.connect(f"{server.url}/postgres", password=server.password, autocommit=True) as tx:
        made = f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {like} STRATEGY FILE_COPY"
        tx.execute(made)
    return f"{server.url}/{name}"


def signed_in(url: str, role: str) -> str:
    """The same database, as one of its roles."""
    return re.sub("//[^@]+@", f"//{role}@", url)


def as_owner(server: PostgresServer, url: str) -> OwnersSettings:
    """With what the tables of a database are made."""
    return OwnersSettings(
        database_url=signed_in(url, OWNER),
        database_password=server.password,
        service_role=SERVICE,
    )


def drop_database(server: PostgresServer, name: str) -> None:
    """Hundreds of them take minutes to delete at the end, where the disk is busy."""
    with psycopg.connect(f"{server.url}/postgres", password=server.password, autocommit=True) as tx:
        tx.execute(f"DROP DATABASE {name} WITH (FORCE)")


def a_name() -> str:
    return f"test_{RUN}_{next(_databases)}"


@pytest.fixture
def settings_for(postgres_server) -> Callable[..., Any]:
    """Settings of a service, without the environment, on a database that `migrated` makes."""
    return partial(settings_on, postgres_server, f"{postgres_server.url}/{a_name()}")


def settings_on(server: PostgresServer, database_url: str, kind: Any, **changes: object) -> Any:
    known = {
        "database_url": database_url,
        "database_password": server.password,
        "kafka_bootstrap": "127.0.0.1:1",
        "kafka_fetch_max_wait_ms": 10,  # the in-memory broker holds a fetch back for so long
        "encryption_key": KEY,
        "public_url": "https://certificates.example",
        "operator_name": "Комитет по образованию",
        "operator_address": "123456, г. Пример, ул. Школьная, 1",
    }
    return kind(**(known | changes))


@pytest.fixture(scope="module")
def whole_settings(postgres_server, kafka, migrated_url) -> Callable[..., Any]:
    """The same for a whole service that serves all tests of a module, signed in as it is."""
    known = {"kafka_bootstrap": kafka, "kafka_topic_prefix": a_prefix()}

    async def of(service: str, kind: Any, **changes: object) -> Any:
        url = await migrated_url(service)
        return settings_on(postgres_server, url, kind, **known, **changes)

    return of


@pytest.fixture(scope="session")
def template(postgres_server):
    """The name of a database with a service's tables: migrations run once in a session."""
    made: dict[str | None, str] = {}

    async def name_of(service: str | None) -> str:
        if service not in made:
            made[service] = name = a_name()
            url = a_database(postgres_server, name)
            folder = ROOT / "services" / service / "migrations" if service else None
            await migrate(as_owner(postgres_server, url), folder)
        return made[service]

    return name_of


@pytest.fixture(scope="session")
def migrated_url(postgres_server, template):
    """Makes a database with a service's tables; the address is as the service signs in."""

    async def of(service: str | None) -> str:
        return signed_in(a_database(postgres_server, like=await template(service)), SERVICE)

    return of


@pytest.fixture
async def migrated(postgres_server, template):
    """Makes databases with a service's tables and opens pools on them, until the test is over."""
    pools: dict[str, Pool] = {}

    async def make(settings, service: str | None) -> Pool:
        name = settings.database_url.rpartition("/")[2]
        a_database(postgres_server, name, like=await template(service))
        pools[name] = await open_pool(settings)
        return pools[name]

    yield make
    for name, pool in pools.items():
        await pool.close()
        drop_database(postgres_server, name)


def earlier(migrations: Path, first_left_out: str, into: Path) -> Path:
    """A folder with these migrations as they were before one of them."""
    later = [path.name for path in migrations.iterdir() if path.name >= first_left_out]
    ignore = shutil.ignore_patterns(*later)
    return Path(shutil.copytree(migrations, into, ignore=ignore, dirs_exist_ok=True))


@pytest.fixture
async def migrated_without(postgres_server, tmp_path):
    """Makes a database as it was before one of a service's migrations; then applies the others."""
    pools: list[Pool] = []

    async def make(
        kind, service: str, first_left_out: str
    ) -> tuple[Pool, Callable[[], Awaitable[int]]]:
        url = a_database(postgres_server)
        owner = as_owner(postgres_server, url)
        folder = ROOT / "services" / service / "migrations"
        await migrate(owner, earlier(folder, first_left_out, tmp_path / "others"))
        pool = await open_pool(settings_on(postgres_server, url, kind))
        pools.append(pool)
        return pool, partial(migrate, owner, folder)

    yield make
    for pool in pools:
        await pool.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many tests each level has, and how long they take with what they set up."""
    levels: dict[str, tuple[set[str], float]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                level = "/".join(report.nodeid.split("/")[:2])
                tests, seconds = levels.setdefault(level, (set(), 0.0))
                tests.add(report.nodeid)
                levels[level] = tests, seconds + report.duration
    for level, (tests, seconds) in sorted(levels.items()):
        terminalreporter.write_line(f"{level:<20} {len(tests):5} tests {seconds:6.0f} s")
