"""A family's request by HTTP while a school year's import of 100,000 runs on the other lane.

`python -m bench lanes`: a stack of its own. Latency is counted to the announced document.
"""

import asyncio
import time
from uuid import UUID

from contracts import topics

from bench import people
from bench.doors import ask
from bench.results import Result, within
from bench.town import Town, a_town, a_town_stack
from bench.web import Client, open_model
from tools.stack.apart import Stack

MASS = 100_000
FAMILIES_PER_S, FAMILIES = 10, 200


def main() -> list[Result]:
    with a_town_stack() as stack:
        return asyncio.run(_measure(stack))


async def _measure(stack: Stack) -> list[Result]:
    async with a_town(stack) as town:
        families = await town.settle(FAMILIES)
        mass = await town.settle(MASS)
        lane = topics.CERTIFICATE_REQUESTS_BULK
        await people.send(
            town.producer, [people.record(people.request(child), lane) for child in mass]
        )
        started = time.perf_counter()
        hearing = asyncio.create_task(town.hear_of([*families, *mass]))
        arrivals = await _families_ask(town, families)
        heard = await hearing
        took = max(heard.values()) - started
        if max(heard[str(one)] for one in families) >= max(heard.values()):
            raise SystemExit("The import ended before the last family had asked.")
        waits = [
            (heard[str(one)] - arrival) * 1000
            for one, arrival in zip(families, arrivals, strict=True)
        ]
        found = within(f"a family's request during an import of {MASS:,}", waits, p99=2000)
        print(f"  the import: {MASS / took:,.0f}/s\n  {found.what}: {found.measured}")
        return [found]


async def _families_ask(town: Town, families: list[UUID]) -> list[float]:
    tokens = await town.tokens(families)
    client = Client(town.stack.demo["urls"]["certificates"])
    arrivals, _ = await open_model(
        FAMILIES_PER_S, len(families), lambda n: ask(client, families[n], tokens[n])
    )
    client.close()
    return arrivals
