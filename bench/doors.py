"""What families feel: requests by HTTP as many as can be and at a steady rate, downloads, the page.

`python -m bench doors`: a stack of its own; every request is a new student with a token of its own.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from bench import machine
from bench.results import Result, at_least, within
from bench.town import Town, a_town, a_town_stack
from bench.web import Client, open_model
from tools.stack.apart import Stack

AT_ONCE, ROUNDS = 10_000, 3
STEADY_PER_S, PAGE_PER_S, FOR_S = 300, 500, 20
ACCEPTED, FOUND = 202, 200
OF_CHILDREN = "SELECT child_id, certificate_id FROM certificates WHERE child_id = ANY($1::uuid[])"


def main() -> list[Result]:
    with a_town_stack() as stack:
        return asyncio.run(_measure(stack))


async def _measure(stack: Stack) -> list[Result]:
    async with a_town(stack) as town:
        rates = [await _as_many_as_can_be(town) for _ in range(ROUNDS)]
        rate = statistics.median(rates)
        found = [at_least("by HTTP, from request to announced document", rate, rates, 2_000)]
        students, steady = await _steady(town)
        found.append(steady)
        found += await _reading(town, students)
        for one in found:
            print(f"  {one.what}: {one.measured}")
        return found


async def _as_many_as_can_be(town: Town) -> float:
    """64 connections, each asks again as soon as it has its answer."""
    students = await town.settle(AT_ONCE)
    asked = iter(zip(students, await town.tokens(students), strict=True))
    client = Client(town.stack.demo["urls"]["certificates"])

    async def one_after_another() -> None:
        for student, token in asked:
            await ask(client, student, token)

    before, started = machine.cpu_seconds(town.stack.pids()), time.perf_counter()
    hearing = asyncio.create_task(town.hear_of(students))
    await asyncio.gather(*(one_after_another() for _ in range(64)))
    accepted = time.perf_counter() - started
    await hearing
    took = time.perf_counter() - started
    spent = machine.shares(before, machine.cpu_seconds(town.stack.pids()), AT_ONCE)
    client.close()
    print(f"  {AT_ONCE / took:8,.0f}/s, accepted {AT_ONCE / accepted:,.0f}/s;"
          f" CPU, µs each: {spent}")  # fmt: skip
    return AT_ONCE / took


async def ask(client: Client, student: UUID, token: str) -> None:
    status, body = await client.ask("POST", f"/children/{student}/certificate-requests", token)
    if status != ACCEPTED:
        raise SystemExit(f"A request was answered with {status}: {body.decode()[:300]}")


async def _steady(town: Town) -> tuple[list[UUID], Result]:
    count = STEADY_PER_S * FOR_S
    students = await town.settle(count)
    tokens = await town.tokens(students)
    client = Client(town.stack.demo["urls"]["certificates"])
    hearing = asyncio.create_task(town.hear_of(students))
    arrivals, _ = await open_model(
        STEADY_PER_S, count, lambda n: ask(client, students[n], tokens[n])
    )
    heard = await hearing
    client.close()
    pairs = zip(students, arrivals, strict=True)
    waits = [(heard[str(student)] - arrival) * 1000 for student, arrival in pairs]
    return students, within(
        f"request to document, {STEADY_PER_S}/s by HTTP", waits, p50=150, p99=1000
    )


async def _reading(town: Town, students: Sequence[UUID]) -> list[Result]:
    tokens = await town.tokens(students)
    connection = await asyncpg.connect(town.stack.demo["databases"]["certificates"])
    rows = await connection.fetch(OF_CHILDREN, students)
    await connection.close()
    certificates = {row["child_id"]: row["certificate_id"] for row in rows}
    pages = [f"/children/{student}/certificate" for student in students]
    files = [f"/certificates/{certificates[student]}/credentials.pdf" for student in students]
    return [
        await _read(town, "documents", "download of a credentials PDF", files, tokens,
                    STEADY_PER_S, 30),
        await _read(town, "certificates", "the child's page", pages, tokens, PAGE_PER_S, 20),
    ]  # fmt: skip


async def _read(
    town: Town, service: str, what: str, paths: Sequence[str], tokens: Sequence[str], per_s: int,
    p99: float,
) -> Result:  # fmt: skip
    client = Client(town.stack.demo["urls"][service])

    async def one(n: int) -> None:
        place = n % len(paths)
        status, body = await client.ask("GET", paths[place], tokens[place])
        if status != FOUND or not (body.startswith(b"%PDF") or json.loads(body)["certificate"]):
            raise SystemExit(f"{paths[place]} was answered with {status}: {body[:300]!r}")

    before = machine.cpu_seconds(town.stack.pids())
    _, waits = await open_model(per_s, per_s * FOR_S, one)
    spent = machine.shares(before, machine.cpu_seconds(town.stack.pids()), len(waits))
    client.close()
    print(f"  {what}: CPU, µs each: {spent}")
    return within(f"{what}, {per_s}/s", waits, p99=p99)
