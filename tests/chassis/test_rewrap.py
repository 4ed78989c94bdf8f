"""Another ENCRYPTION_KEY: every kind of sealed row is wrapped anew, also after a break."""

import base64
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from chassis import clock, rewrap
from chassis.command_line import Refused
from chassis.crypto import unseal
from chassis.database import open_pool
from chassis.kept import WrongKey, open_kept
from chassis.key_check import expect_same_key
from cryptography.exceptions import InvalidTag
from documents.credentials import open_values
from documents.settings import Settings as DocumentsSettings
from identity import keys
from identity.settings import Settings as IdentitySettings

from tests.builders import a_record, a_user
from tests.documents.desk import PORTAL, a_desk, issued
from tests.processes import environment
from tests.waiting import eventually
from tools.stack.settings import ROOT, SERVICES

OLD, NEW, THIRD = b"k" * 32, bytes(range(32)), b"t" * 32
CHILDREN = ("anna", "boris", "vera")
NOT_UNDER_IT = {  # digests, what is on its way, and what has a data key of its own
    "inbox.digest", "outbox.value", "outbox_sent.value", "outbox_sent_rest.value",
    "quarantine.digest", "quarantine.key_digest", "parked.digest", "parked.key_digest",
    "journal.hash", "journal_links.hash", "journal_start.hash", "uploads.digest",
    "key_check.sealed", "key_check.next", "idempotency_keys.digest", "sign_in_tries.subject",
    "credentials.sealed_values", "credentials.digest", "rotations.digest",
}  # fmt: skip


class Broken(Exception):
    """Here the command is broken off."""


def breaks(_line: str) -> None:
    raise Broken


def in_silence(_line: str) -> None:
    """Nobody watches how far it is."""


def opened(row: Any, key: bytes) -> bool:
    """As the services open it."""
    try:
        if "kid" in row:
            unseal(key, row["sealed"], row["kid"].encode())
        elif "record" in row:
            open_kept(key, row)
        else:
            open_values(key, row["document_id"], row["sealed_values"], row["sealed_key"])
    except (InvalidTag, WrongKey):
        return False
    return True


class House:
    """The database of a stopped service."""

    def __init__(self, settings: Any, tables: tuple[str, ...]) -> None:
        self.settings, self.tables = settings, tables

    async def looked(self, look: Callable[[Any], Any]) -> Any:
        """What `look` finds with a pool of its own, whose sessions are gone afterwards."""
        pool = await open_pool(self.settings)
        try:
            return await look(pool)
        finally:
            await pool.close()

    async def command(
        self, old: bytes, new: bytes, tell: Callable[[str], None] = in_silence
    ) -> None:
        """Two rows a batch, so that there is a middle to break off in."""
        pool = await open_pool(self.settings, sessions=1)
        try:
            await eventually(lambda: _is_alone(pool))
            await rewrap.rewrap(pool, old, new, tell, rows_max=2)
        finally:
            await pool.close()

    async def under(self, key: bytes) -> list[str]:
        """Which rows open with this key."""

        async def look(pool: Any) -> list[str]:
            rows = {name: await pool.fetch(f"SELECT * FROM {name}") for name in self.tables}
            return [f"{name} {n}" for name in rows for n, row in enumerate(rows[name])
                    if opened(row, key)]  # fmt: skip

        found: list[str] = await self.looked(look)
        return found

    async def count(self) -> int:
        async def look(pool: Any) -> int:
            return sum([await pool.fetchval(f"SELECT count(*) FROM {t}") for t in self.tables])

        return int(await self.looked(look))

    async def starts(self, key: bytes) -> str:
        """What a service that starts with this key says: nothing where it goes on."""
        try:
            await self.looked(lambda pool: expect_same_key(pool, key))
        except SystemExit as left:
            return str(left)
        return ""


async def _is_alone(pool: Any) -> bool:
    return not await pool.fetchval(rewrap.SQL["count_sessions"])


async def a_documents(settings_for, migrated) -> House:
    """Three documents, a parked record and two quarantined ones."""
    settings = settings_for(DocumentsSettings, portal_url=PORTAL)
    pool = await migrated(settings, "documents")
    await expect_same_key(pool, OLD)
    with ThreadPoolExecutor(2) as executor:
        desk = a_desk(settings, pool, executor)
        await desk.consume(*(a_user(child) for child in CHILDREN))
        await desk.consume(*(issued(c, f"78000000001{n}") for n, c in enumerate(CHILDREN)))
        await desk.consume(issued("unknown", "780000000029"))
        bad = [replace(a_record(a_user(f"bad {n}")), value=b"{") for n in range(2)]
        await desk.door.consume(bad)
    await pool.close()
    return House(settings, ("credentials", "parked", "quarantine"))


async def an_identity(settings_for, migrated) -> House:
    """A retired, a current and a next signing key."""
    settings = settings_for(IdentitySettings)
    pool = await migrated(settings, "identity")
    await expect_same_key(pool, OLD)
    async with pool.acquire() as tx, tx.transaction():
        await keys.rotate(tx, OLD, clock.now())
    await pool.close()
    return House(settings, ("signing_keys",))


@pytest.fixture
async def documents(settings_for, migrated) -> House:
    return await a_documents(settings_for, migrated)


@pytest.fixture
async def identity(settings_for, migrated) -> House:
    return await an_identity(settings_for, migrated)


@pytest.fixture(params=[a_documents, an_identity])
async def house(request, settings_for, migrated) -> House:
    made: House = await request.param(settings_for, migrated)
    return made


async def test_everything_opens_with_the_new_key_and_nothing_with_the_old(house):
    before = await house.under(OLD)
    assert len(before) == await house.count() >= 3
    told: list[str] = []
    await house.command(OLD, NEW, tell=told.append)
    assert (await house.under(NEW), await house.under(OLD)) == (before, [])
    assert told[-1].startswith("Done")
    assert any("rows" in line for line in told)
    assert await house.starts(NEW) == ""
    assert "is not the key" in await house.starts(OLD)


async def test_broken_off_in_the_middle_each_row_has_one_key_and_a_second_run_ends_it(house):
    whole = await house.under(OLD)
    with pytest.raises(Broken):
        await house.command(OLD, NEW, tell=breaks)
    old, new = await house.under(OLD), await house.under(NEW)
    assert old
    assert new
    assert sorted(old + new) == sorted(whole)
    for key in (OLD, NEW):
        assert "is being changed" in await house.starts(key)
    await house.command(OLD, NEW)
    assert sorted(await house.under(NEW)) == sorted(whole)
    assert await house.starts(NEW) == ""


async def test_run_once_more_it_changes_nothing(identity):
    async def sealed(pool: Any) -> Any:
        return await pool.fetch("SELECT sealed FROM signing_keys ORDER BY kid")

    await identity.command(OLD, NEW)
    before = await identity.looked(sealed)
    await identity.command(OLD, NEW)
    assert await identity.looked(sealed) == before


async def test_another_key_than_the_one_that_was_begun_with_is_refused(identity):
    with pytest.raises(Refused, match="OLD_ENCRYPTION_KEY is not the key"):
        await identity.command(THIRD, NEW)
    with pytest.raises(Broken):
        await identity.command(OLD, NEW, tell=breaks)
    with pytest.raises(Refused, match="begun with another new key"):
        await identity.command(OLD, THIRD)


async def test_what_opens_with_neither_key_stays_and_is_told(documents):
    async def spoil(pool: Any) -> None:
        await pool.execute("UPDATE parked SET record = decode(repeat('00', 64), 'hex')")

    await documents.looked(spoil)
    told: list[str] = []
    await documents.command(OLD, NEW, tell=told.append)
    assert "parked.record: 1 of them open with neither key, and stay as they are." in told
    assert len(await documents.under(NEW)) == await documents.count() - 1


async def test_while_the_service_runs_it_is_refused_and_the_service_can_start_again(identity):
    async def run(_: Any) -> None:
        command = await open_pool(identity.settings, sessions=1)
        try:
            with pytest.raises(Refused, match="still running"):
                await rewrap.rewrap(command, OLD, NEW, in_silence)
        finally:
            await command.close()

    await identity.looked(run)
    assert await identity.starts(OLD) == ""


async def test_who_runs_with_the_old_key_after_a_break_is_told_and_nothing_more_is_wrapped(
    identity,
):
    with pytest.raises(Broken):
        await identity.command(OLD, NEW, tell=breaks)
    wrapped = await identity.under(NEW)
    other, command = [await open_pool(identity.settings, sessions=1) for _ in range(2)]
    with pytest.raises(Refused, match="still running"):
        await rewrap.rewrap(command, OLD, NEW, in_silence)
    assert await identity.under(NEW) == wrapped
    await other.close()
    await rewrap.rewrap(command, OLD, NEW, in_silence)
    await command.close()
    assert await identity.under(OLD) == []


def test_its_help_says_what_it_does_and_needs_no_settings():
    done = subprocess.run(
        [sys.executable, "-m", "chassis.rewrap", "--help"],
        cwd=ROOT, env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "OLD_ENCRYPTION_KEY the old one" in done.stdout


async def test_as_a_command_it_takes_both_keys_from_the_settings(identity, postgres_server):
    told = environment(
        identity.settings.database_url, postgres_server.password, "127.0.0.1:1",
        ENCRYPTION_KEY=base64.urlsafe_b64encode(NEW).decode(),
        OLD_ENCRYPTION_KEY=base64.urlsafe_b64encode(OLD).decode(),
    )  # fmt: skip
    whole = await identity.under(OLD)
    done = subprocess.run(  # noqa: ASYNC221  nothing else is to happen meanwhile
        [sys.executable, "-m", "chassis.rewrap"],
        cwd=ROOT, env=told, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("Done")
    assert await identity.under(NEW) == whole


@pytest.mark.parametrize("service", SERVICES)
async def test_every_sealed_column_is_known_to_the_command(settings_for, migrated, service):
    """A new column of bytes is either registered by its migration, or not under the master key."""
    pool = await migrated(settings_for(IdentitySettings), service)
    columns = await pool.fetch(
        "SELECT c.relname || '.' || a.attname AS name FROM pg_attribute AS a"
        " JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')"
        " WHERE c.relnamespace = 'public'::regnamespace AND a.atttypid = 'bytea'::regtype"
        " AND a.attnum > 0 AND NOT a.attisdropped"
    )
    known = await pool.fetch("SELECT relation || '.' || sealed_column AS name FROM sealed_columns")
    assert {row["name"] for row in columns} - NOT_UNDER_IT == {row["name"] for row in known}
