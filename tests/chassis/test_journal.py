"""The journal: append-only, sealed into a chain that tells of each change made behind its back."""

import asyncio
from dataclasses import replace

import asyncpg
import psycopg
import pytest
from chassis import command_line, commands, journal
from chassis.outbox import Store

from tests.builders import NOW, an_id

ENTRY = journal.Entry(NOW, an_id("clerk"), "staff", "found", an_id("child"), "centre", "причина")


async def written(bench, count):
    for n in range(count):
        async with bench.store.transaction() as tx:
            await journal.append(tx, [replace(ENTRY, details=f"{n}")])


async def broken_at(bench):
    async with bench.pool.acquire() as tx:
        return await journal.broken_at(tx)


async def behind_its_back(bench, sql):
    for table in ("journal", "journal_links"):
        await bench.pool.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    await bench.pool.execute(sql)
    for table in ("journal", "journal_links"):
        await bench.pool.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


async def test_a_sealed_journal_is_whole(deaf_bench):
    await written(deaf_bench, 5)
    assert await journal.seal(deaf_bench.store) == 5
    await written(deaf_bench, 3)
    assert await journal.seal(deaf_bench.store) == 3
    assert await broken_at(deaf_bench) is None


async def test_sealing_at_once_by_replicas_makes_one_chain(deaf_bench):
    await written(deaf_bench, 40)
    sealed = await asyncio.gather(*(journal.seal(deaf_bench.store) for _ in range(4)))
    assert sum(sealed) == 40
    assert await broken_at(deaf_bench) is None


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE journal SET details = 'другое' WHERE id = 3",
        "UPDATE journal SET actor_id = NULL WHERE id = 3",
        "DELETE FROM journal WHERE id = 3",
        "DELETE FROM journal_links WHERE link = 3",
        "UPDATE journal_links SET id = 9 WHERE link = 3",
        "UPDATE journal_links SET hash = decode(repeat('00', 32), 'hex') WHERE link = 3",
    ],
)
async def test_a_row_changed_behind_its_back_is_found(deaf_bench, damage):
    await written(deaf_bench, 5)
    await journal.seal(deaf_bench.store)
    await behind_its_back(deaf_bench, damage)
    assert await broken_at(deaf_bench) == 3


@pytest.mark.parametrize(
    "damage",
    ["UPDATE journal SET details = 'x'", "DELETE FROM journal", "TRUNCATE journal",
     "UPDATE journal SET link = 1, hash = ''", "UPDATE journal_links SET hash = ''",
     "DELETE FROM journal_links", "TRUNCATE journal_links"],
)  # fmt: skip
async def test_the_journal_refuses_to_be_changed(deaf_bench, damage):
    await written(deaf_bench, 2)
    await journal.seal(deaf_bench.store)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await deaf_bench.pool.execute(damage)


async def test_what_was_rolled_back_is_not_journalled(deaf_bench):
    async with deaf_bench.pool.acquire() as tx:
        transaction = tx.transaction()
        await transaction.start()
        await journal.append(tx, [ENTRY])
        await transaction.rollback()
    assert await deaf_bench.count("journal") == 0


async def test_a_look_is_never_looked_up_by_its_actor_of_whom_there_may_be_very_many(deaf_bench):
    """Also where nothing better is there: what is small today is not in a year."""
    columns = [[value] for value in ENTRY.row()]
    query = f"EXPLAIN {journal.SQL['journal_looks']}"
    async with deaf_bench.pool.acquire() as tx:
        transaction = tx.transaction()
        await transaction.start()
        await tx.execute("SET LOCAL enable_seqscan = off")
        assert "journal_of_subject" in str(await tx.fetch(query, *columns, journal.SAME_LOOK))
        await tx.execute("DROP INDEX journal_of_subject")
        assert "journal_of_actor" not in str(await tx.fetch(query, *columns, journal.SAME_LOOK))
        await transaction.rollback()


async def test_looking_again_within_ten_minutes_is_one_look(deaf_bench):
    later = replace(ENTRY, happened_at=NOW + journal.SAME_LOOK)
    for entry in (ENTRY, ENTRY, replace(ENTRY, actor_id=an_id("other")), later):
        await journal.looks(deaf_bench.pool, [entry])
    assert await deaf_bench.count("journal") == 3


async def test_of_looks_that_are_written_together_each_counts_once(deaf_bench):
    others = [replace(ENTRY, subject=an_id("sister")), replace(ENTRY, details="другое")]
    await journal.looks(deaf_bench.pool, [ENTRY, *others, ENTRY, others[0]])
    await journal.looks(deaf_bench.pool, [*others, replace(ENTRY, action="saw_card")])
    await journal.looks(deaf_bench.pool, [])
    assert await deaf_bench.count("journal") == 4


async def test_the_command_says_that_the_chain_is_whole_and_where_it_ends(deaf_bench):
    await written(deaf_bench, 2)
    await journal.seal(deaf_bench.store)
    await written(deaf_bench, 1)
    last = await deaf_bench.pool.fetchval("SELECT hash FROM journal_links WHERE link = 2")
    assert await verified(deaf_bench) == [
        f"Whole: links 1 to 2. The last hash is {last.hex()}.",
        "1 entries are not sealed yet.",
    ]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("UPDATE journal SET details = 'другое' WHERE id = 3", "link 3: row 3 was changed"),
        ("DELETE FROM journal WHERE id = 3", "link 3: its row is missing"),
    ],
)
async def test_the_command_names_the_row_where_the_chain_is_broken(deaf_bench, damage, says):
    await written(deaf_bench, 4)
    await journal.seal(deaf_bench.store)
    await behind_its_back(deaf_bench, damage)
    with pytest.raises(command_line.Refused, match=says):
        await verified(deaf_bench)


async def verified(bench) -> list[str]:
    return await commands.run(commands.arguments_of(["journal", "verify"]), bench.settings)


@pytest.mark.parametrize("until", ["0014", "0015"])
async def test_a_chain_that_was_written_into_the_journal_stands_beside_it_and_goes_on(
    chassis_before, until
):
    """Sealed before 0014 or after it; a replica of that time, which would seal on, is refused."""
    pool, go_on = await chassis_before(until)
    seal = "UPDATE journal SET link = $1, hash = $2 WHERE id = $3"
    await journal.append(pool, [replace(ENTRY, details=f"{n}") for n in range(4)])
    links, before = [], bytes(32)
    for link, row in enumerate(await pool.fetch("SELECT * FROM journal ORDER BY id LIMIT 3"), 1):
        before = journal.digest(before, row)
        links.append((link, before, row["id"]))
    await pool.executemany(seal, links)
    await go_on()
    async with pool.acquire() as tx:
        assert await journal.check(tx) == journal.Chain(1, 3, before, unsealed=1)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await pool.execute(seal, 4, before, 4)
    await journal.append(pool, [ENTRY])
    assert await journal.seal(Store(pool)) == 2
    async with pool.acquire() as tx:
        found = await journal.check(tx)
    assert (found.last, found.unsealed, found.broken) == (5, 0, None)


async def test_an_entry_that_nobody_remembers_to_seal_is_counted_all_the_same(deaf_bench):
    await written(deaf_bench, 2)
    await deaf_bench.pool.execute("DELETE FROM journal_unsealed WHERE id = 1")
    assert await journal.seal(deaf_bench.store) == 1
    async with deaf_bench.pool.acquire() as tx:
        assert (await journal.check(tx)).unsealed == 1


async def test_an_entry_that_waits_once_more_is_sealed_once(deaf_bench, postgres_server):
    """As after a restore that put the rows back and let the trigger note them once more."""
    await written(deaf_bench, 2)
    assert await journal.seal(deaf_bench.store) == 2
    database = deaf_bench.settings.database_url.rpartition("/")[2]
    known = {"password": postgres_server.password, "autocommit": True}
    with psycopg.connect(f"{postgres_server.url}/{database}", **known) as superuser:
        superuser.execute("INSERT INTO journal_unsealed VALUES (1), (2)")
    await written(deaf_bench, 1)
    assert await journal.seal(deaf_bench.store) == 1
    assert await deaf_bench.count("journal_unsealed") == 0
    assert await broken_at(deaf_bench) is None
