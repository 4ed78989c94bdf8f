"""Millions of certificates that are there already, with all that stands beside them.

Written by SQL past the services: the children, their parents' links, requests, certificates,
documents, and what the inboxes remember of the last 44 days. Indexes are made anew afterwards, as
they were.
"""

import asyncio
import hashlib
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
from chassis.queries import load

from tools.stack.apart import Stack
from tools.stack.secret_files import OWNERS, SERVER, password_of

SQL: Final = load("bench", "crowd.sql")
CHUNK: Final = 500_000  # a statement's new rows are held for the triggers that count them
TABLES: Final[Mapping[str, Sequence[str]]] = {
    "certificates": ("people", "child_links", "certificate_requests", "certificates", "inbox"),
    "documents": ("people", "credentials", "inbox"),
}
STAFF: Final = 100
INBOX_PART: Final = 10  # ten million take years, and the inbox remembers 45 days of them
_STEMS: Final = ("Иван", "Смирн", "Кузнец", "Поп", "Васил", "Петр", "Сокол", "Михайл", "Новик",
                 "Фёдор", "Мороз", "Волк", "Алексе", "Лебед", "Семён", "Егор", "Павл", "Козл",
                 "Степан", "Никола")  # fmt: skip
SURNAMES: Final = tuple(stem + end for end in ("ов", "ский", "енко") for stem in _STEMS)
FIRST: Final = ("Александр", "Михаил", "Иван", "Дмитрий", "Артём", "Лев", "Марк", "Матвей",
                "Максим", "Тимофей", "Даниил", "Роман", "Кирилл", "Егор", "Илья", "Фёдор",
                "Константин", "Мирон", "Степан", "Арсений")  # fmt: skip
FATHERS: Final = ("Александр", "Михайл", "Иван", "Дмитри", "Артём", "Марк", "Максим", "Даниил",
                  "Роман", "Егор", "Фёдор", "Степан")  # fmt: skip


def id_of(what: str, n: int) -> UUID:
    """What the SQL makes of it: of a child, a certificate, one of the staff."""
    return UUID(hashlib.md5(f"crowd-{what}-{n}".encode()).hexdigest())  # noqa: S324  no secret


def name_of(n: int) -> str:
    """Of the n-th child."""
    first, father = FIRST[n // 60 % 20], FATHERS[n // 1200 % 12]
    return f"{SURNAMES[n % 60]} {first} {father}ович"


def born(n: int) -> date:
    """Of the n-th child, who is 15 or 16."""
    today = datetime.now(UTC).date()  # noqa: TID251  the database's day, in its time zone
    return today - timedelta(days=5500 + n % 365)


async def settle(stack: Stack, rows: int, tables: Mapping[str, Sequence[str]] = TABLES) -> None:
    """So many more of these, both databases at once; ends with a vacuum and a checkpoint."""
    await asyncio.gather(*(_fill(stack, one, names, rows) for one, names in tables.items()))
    async with connected(superuser(stack)) as connection:
        await connection.execute("CHECKPOINT", timeout=None)


async def size_gb(stack: Stack) -> float:
    """Of both databases on disk."""
    bytes_ = 0
    for service in TABLES:
        async with connected(stack.demo["databases"][service]) as connection:
            bytes_ += await connection.fetchval(SQL["size"])
    return bytes_ / 1e9


async def scanned(stack: Stack) -> dict[str, int]:
    """Rows that were read by sequential scans so far, by table."""
    found = {}
    for service in TABLES:
        async with connected(stack.demo["databases"][service]) as connection:
            for row in await connection.fetch(SQL["scanned"]):
                found[f"{service}.{row['name']}"] = row["rows"]
    return found


async def _fill(stack: Stack, service: str, tables: Sequence[str], rows: int) -> None:
    async with connected(_owned(stack, service)) as connection:
        await connection.execute("SET maintenance_work_mem = '1GB'")
        for table in tables:
            count = rows // INBOX_PART if table == "inbox" else rows
            async with without_indexes(connection, table):
                for first in range(1, count + 1, CHUNK):
                    last = min(count, first + CHUNK - 1)
                    await connection.execute(
                        SQL[f"{table}_of_{service}"], first, last, *_names(service, table),
                        timeout=None,
                    )  # fmt: skip
            await connection.execute(f"VACUUM (FREEZE, ANALYZE) {table}", timeout=None)
        if service == "certificates":
            await connection.execute(SQL["desk"])


def _names(service: str, table: str) -> Sequence[Sequence[str]]:
    return (SURNAMES, FIRST, FATHERS) if (service, table) == ("certificates", "people") else ()


@asynccontextmanager
async def without_indexes(
    connection: "asyncpg.Connection[asyncpg.Record]", table: str
) -> AsyncIterator[None]:
    """Inside there are none, and no reference to the table; at the end all are as they were."""
    references = await connection.fetch(SQL["references"], table)
    indexes = await connection.fetch(SQL["indexes"], table)
    for row in references:
        await connection.execute(f"ALTER TABLE {row['relation']} DROP CONSTRAINT {row['name']}")
    for row in indexes:
        constraint = row["constraint_name"]
        drop = f"ALTER TABLE {table} DROP CONSTRAINT {constraint}"
        await connection.execute(drop if constraint else f"DROP INDEX {row['name']}")
    try:
        yield
    finally:
        adding = "ALTER TABLE {0} ADD CONSTRAINT {1} {2}"
        made = itertools.chain(
            (
                adding.format(table, row["constraint_name"], row["definition"])
                if row["constraint_name"]
                else row["definition"]
                for row in indexes
            ),
            (adding.format(row["relation"], row["name"], row["definition"]) for row in references),
        )
        for statement in made:
            await connection.execute(statement, timeout=None)


def superuser(stack: Stack) -> str:
    """The server's address for who may write a checkpoint and set settings."""
    return _signed_in(stack, SERVER, "postgres")


def _owned(stack: Stack, service: str) -> str:
    """A service's database for who may take its indexes away."""
    return _signed_in(stack, OWNERS[service], service)


def _signed_in(stack: Stack, role: str, database: str) -> str:
    password = password_of(stack.folder / "secrets", role)
    port = stack.demo["databases"]["certificates"].rpartition(":")[2].partition("/")[0]
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{database}"


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(url, timeout=30)
    try:
        yield connection
    finally:
        await connection.close()
