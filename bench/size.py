"""What ten million certificates change: the rate from Kafka, the child's page, the desk's search.

`python -m bench size` (`--rows N` for fewer): a stack of its own is measured as it is new, filled
with SQL (`bench.crowd`), and measured again. Big tables that were read from end to end are named.
"""

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from bench import crowd
from bench.pipeline import throughput
from bench.results import Result, within
from bench.town import Town, a_town, a_town_stack
from bench.web import Client, open_model
from tools.stack.apart import Stack

ROWS = 10_000_000
COUNT, ROUNDS = 20_000, 3
CHANGE_MAX = 0.10
PAGES_PER_S, READS, FOR_S = 50, 1000, 20
DESK_PER_S = 5  # a page of fifty children each
SCANNED_MIN = 100_000  # rows: a scan of less is none
OK = 200
REASON = quote("ребёнок переехал")


def main(rows: int = ROWS) -> list[Result]:
    with a_town_stack() as stack:
        return asyncio.run(_measure(stack, rows))


async def _measure(stack: Stack, rows: int) -> list[Result]:
    async with a_town(stack) as town:
        await throughput(town, COUNT)  # the first run warms Kafka's JVM up, and does not count
        before = [await throughput(town, COUNT) for _ in range(ROUNDS)]
        await _fill(stack, rows)
        scans = await crowd.scanned(stack)
        after = [await throughput(town, COUNT) for _ in range(ROUNDS)]
        found = [changed(rows, before, after), *await _reading(town, rows)]
        for line in long_scans(scans, await crowd.scanned(stack)):
            print(f"  read from end to end: {line}")
    for one in found:
        print(f"  {one.what}: {one.measured}")
    return found


async def _fill(stack: Stack, rows: int) -> None:
    began = time.perf_counter()
    await crowd.settle(stack, rows)
    took, gb = time.perf_counter() - began, await crowd.size_gb(stack)
    print(f"  {rows:,} certificates and what belongs to them: {took:.0f} s, {gb:.1f} GB")


def changed(rows: int, before: Sequence[float], after: Sequence[float]) -> Result:
    """The medians beside each other."""
    old, new = statistics.median(before), statistics.median(after)
    change = new / old - 1
    measured = (
        f"{old:,.0f}/s ({min(before):,.0f} to {max(before):,.0f}), then"
        f" {new:,.0f}/s ({min(after):,.0f} to {max(after):,.0f}): {change:+.0%}"
    )
    what = f"from Kafka, with {rows:,} certificates more"
    return Result(what, f"≥ −{CHANGE_MAX:.0%}", measured, change >= -CHANGE_MAX)


def long_scans(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """The tables of which many rows were read without an index in between, and how many rows."""
    read = {name: rows - before.get(name, 0) for name, rows in after.items()}
    return [f"{name}, {rows:,} rows" for name, rows in sorted(read.items()) if rows >= SCANNED_MIN]


async def _reading(town: Town, rows: int) -> list[Result]:
    """Of children all over the table: what their family and what their school sees."""
    some = [1 + n * rows // READS for n in range(READS)]
    children = [crowd.id_of("child", n) for n in some]
    families = await town.tokens(children)
    desks = [
        await town.token({"sub": str(crowd.id_of("staff", n)), "roles": ["staff"]})
        for n in range(1, crowd.STAFF + 1)
    ]
    staff = [desks[n % len(desks)] for n in range(READS)]
    async with crowd.connected(town.stack.demo["databases"]["certificates"]) as connection:
        ids = [crowd.id_of("certificate", n) for n in some]
        numbers = [row["number"] for row in await connection.fetch(crowd.SQL["number_of"], ids)]
    names = [quote(crowd.name_of(n)) for n in some]
    surnames = [quote(name.partition(" ")[0]) for name in map(crowd.name_of, some)]
    searched = {
        "by number": ([f"number={one}" for one in numbers], 50),
        "by whole name": ([f"name={one}" for one in names], 200),
        "by surname": ([f"name={one}" for one in surnames], 200),
        "by surname and day everywhere": (
            [
                f"name={surname}&birth_date={crowd.born(n)}&reason={REASON}"
                for surname, n in zip(surnames, some, strict=True)
            ],
            200,
        ),
    }
    pages = [f"/children/{one}/certificate" for one in children]
    found = [
        await _read(town, f"the child's page, {rows:,} rows", pages, families, 20, PAGES_PER_S)
    ]
    for how, (queries, p99) in searched.items():
        paths = [f"/certificates?{one}" for one in queries]
        what = f"the desk's search {how}, {rows:,} rows"
        found.append(await _read(town, what, paths, staff, p99, DESK_PER_S))
    return found


async def _read(
    town: Town, what: str, paths: Sequence[str], tokens: Sequence[str], p99: float, per_s: int
) -> Result:
    client = Client(town.stack.demo["urls"]["certificates"])

    async def one(n: int) -> None:
        status, body = await client.ask("GET", paths[n], tokens[n])
        if status != OK:
            raise SystemExit(f"{paths[n]} was answered with {status}: {body[:300]!r}")

    _, waits = await open_model(per_s, per_s * FOR_S, one)
    client.close()
    return within(f"{what}, {per_s}/s", waits, p99=p99)
