"""Requests that wait on Kafka, timed until their documents are announced; then one at a time, idle.

`python -m bench pipeline`: a stack of its own, Kafka without its fast-start flags. Each round makes
its students through SGO's topics first, and waits until every service knows them.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4  # noqa: TID251  new children at each run

import asyncpg
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from contracts import topics
from contracts.ids import user_id

from bench import machine, people
from tools.stack.apart import Stack, a_stack

COUNT = 20_000
ROUNDS = 3
SINGLES = 100
WAIT_S_MAX = 300.0
READY = b"document.credentials.ready"
KNOWN = "SELECT count(*) FROM people"


def main() -> None:
    with a_stack("bench-", KAFKA_FAST_START="0") as stack:
        asyncio.run(measure(stack))


async def measure(stack: Stack) -> None:
    address = stack.demo["kafka"]
    producer = AIOKafkaProducer(bootstrap_servers=address, acks="all", enable_idempotence=True)
    async with producer, _at_the_end(address, topics.DOCUMENTS.name) as announced:
        rates = [await _throughput(stack, producer, announced) for _ in range(ROUNDS)]
        spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
        print(f"from Kafka: {statistics.median(rates):,.0f} certificates/s"
              f" (median of {ROUNDS} rounds of {COUNT}, {spread})")  # fmt: skip
        waits = sorted(await _singles(stack, producer, announced))
        p99 = waits[len(waits) * 99 // 100 - 1]
        print(f"idle: request to document, ms: p50 {statistics.median(waits):.0f}, p99 {p99:.0f}")


async def _throughput(
    stack: Stack, producer: AIOKafkaProducer, announced: AIOKafkaConsumer
) -> float:
    names = await _students(stack, producer, COUNT)
    requests = [people.record(people.request(name)) for name in names]
    certificates = psutil.Process(stack.pids()["certificates"])
    certificates.suspend()  # so that all of them wait on Kafka before the first is decided
    await people.send(producer, requests)
    certificates.resume()
    before, started = machine.cpu_seconds(stack.pids()), time.perf_counter()
    await _hear(announced, {str(user_id(name)).encode() for name in names})
    took = time.perf_counter() - started
    after = machine.cpu_seconds(stack.pids())
    print(f"  {COUNT / took:8,.0f}/s; CPU, µs each: {machine.shares(before, after, COUNT)}")
    return COUNT / took


async def _singles(
    stack: Stack, producer: AIOKafkaProducer, announced: AIOKafkaConsumer
) -> list[float]:
    """Milliseconds from sending a request to hearing of its document, nothing else going on."""
    waits = []
    for name in await _students(stack, producer, SINGLES):
        asked = people.record(people.request(name))
        started = time.perf_counter()
        await people.send(producer, [asked])
        await _hear(announced, {str(user_id(name)).encode()})
        waits.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0.1)  # idle in between
    return waits


async def _students(stack: Stack, producer: AIOKafkaProducer, count: int) -> list[str]:
    """`count` new ones, known to every service."""
    names = [f"bench-{uuid4()}" for _ in range(count)]
    databases = stack.demo["databases"]
    known = {service: await _count(databases[service]) for service in ("certificates", "documents")}
    await people.send(producer, [people.record(people.student(name)) for name in names])
    deadline = time.monotonic() + WAIT_S_MAX
    for service, before in known.items():
        while await _count(databases[service]) < before + count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{service} did not hear of all students in {WAIT_S_MAX:.0f} s.")
            await asyncio.sleep(0.2)
    return names


async def _count(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(KNOWN))
    finally:
        await connection.close()


async def _hear(consumer: AIOKafkaConsumer, wanted: set[bytes]) -> None:
    """Until the document of every key was announced."""
    deadline = time.monotonic() + WAIT_S_MAX
    while wanted:
        if time.monotonic() > deadline:
            raise SystemExit(f"{len(wanted)} documents were not announced in {WAIT_S_MAX:.0f} s.")
        for records in (await consumer.getmany(timeout_ms=100)).values():
            wanted.difference_update(
                record.key for record in records if ("ce_type", READY) in record.headers
            )


@asynccontextmanager
async def _at_the_end(address: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    async with AIOKafkaConsumer(topic, bootstrap_servers=address) as consumer:
        await consumer.seek_to_end()
        for partition in consumer.assignment():
            await consumer.position(partition)
        yield consumer
