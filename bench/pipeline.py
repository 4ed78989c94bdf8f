"""Requests that wait on Kafka, timed until their documents are announced; then one at a time, idle.

`python -m bench pipeline`: a stack of its own, Kafka without its fast-start flags. Each round makes
its students through SGO's topics first, and waits until every service knows them.
"""

import asyncio
import statistics
import time

import psutil

from bench import machine, people
from bench.results import Result, at_least, within
from bench.town import Town, a_town, a_town_stack
from tools.stack.apart import Stack

COUNT = 20_000
ROUNDS = 3
SINGLES = 200


def main() -> list[Result]:
    with a_town_stack() as stack:
        return asyncio.run(_measure(stack))


async def _measure(stack: Stack) -> list[Result]:
    async with a_town(stack) as town:
        rates = [await throughput(town, COUNT) for _ in range(ROUNDS)]
        rate = statistics.median(rates)
        found = [
            at_least("requests waiting on Kafka, to announced documents", rate, rates, 8_000),
            within("request to document, idle", await _singles(town), p50=40, p99=100),
        ]
        for one in found:
            print(f"  {one.what}: {one.measured}")
        return found


async def throughput(town: Town, count: int) -> float:
    """Certificates a second."""
    students = await town.settle(count)
    requests = [people.record(people.request(student)) for student in students]
    certificates = psutil.Process(town.stack.pids()["certificates"])
    certificates.suspend()  # so that all of them wait on Kafka before the first is decided
    await people.send(town.producer, requests)
    before, started = machine.cpu_seconds(town.stack.pids()), time.perf_counter()
    certificates.resume()
    await town.hear_of(students)
    took = time.perf_counter() - started
    after = machine.cpu_seconds(town.stack.pids())
    print(f"  {count / took:8,.0f}/s; CPU, µs each: {machine.shares(before, after, count)}")
    return count / took


async def _singles(town: Town) -> list[float]:
    """Milliseconds from sending a request to hearing of its document, nothing else going on."""
    waits = []
    for student in await town.settle(SINGLES):
        asked = people.record(people.request(student))
        started = time.perf_counter()
        await people.send(town.producer, [asked])
        await town.hear_of([student])
        waits.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0.1)  # idle in between
    return waits
