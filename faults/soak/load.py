"""What goes on in a soak: requests of a crowd from Kafka, families by HTTP, and kills.

Most requests come on Kafka, because the maximum that the rate is half of is measured there. Beside
them go those of `faults.load`, each written down with its answer, and readers, so that the doors
are used for as long.
"""

import asyncio
import signal
import time
from random import Random

import asyncpg
import httpx
from aiokafka import AIOKafkaProducer

from bench import crowd, people
from faults import passing
from faults.lab import Lab
from faults.load import Load
from tools.stack.settings import SERVICES

FAMILIES_PER_S = 10.0
READS_PER_S = 4.0
TOGETHER_S = 0.1
LEFT_MIN, MORE = 200, 1000
RECENT = 200  # tokens live for a while only


class Crowd:
    """Children who each ask once, in their order; `sent` of them so far, all acknowledged."""

    def __init__(self) -> None:
        self.sent = 0

    async def ask(self, lab: Lab, per_s: float, until: float) -> None:
        """At this rate, whether or not the system keeps up, until this `time.monotonic`."""
        async with AIOKafkaProducer(
            bootstrap_servers=lab.kafka, acks="all", enable_idempotence=True
        ) as producer:
            began = time.monotonic()
            while (now := time.monotonic()) < until:
                due = int((now - began) * per_s)
                children = [crowd.id_of("child", n) for n in range(self.sent + 1, due + 1)]
                await people.send(
                    producer, [people.record(people.request(child)) for child in children]
                )
                self.sent += len(children)
                await asyncio.sleep(TOGETHER_S)


async def families(load: Load) -> None:
    """Until cancelled; new ones come before the last has asked."""
    async with load.going_on(FAMILIES_PER_S):
        while True:
            if load.left < LEFT_MIN:
                await load.settle(MORE)
            await asyncio.sleep(1)


async def readers(lab: Lab, load: Load) -> None:
    """The child's page and the credentials, until cancelled; a door that is shut is passed by."""
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
        while True:
            await asyncio.sleep(1 / READS_PER_S)
            recent = list(load.tokens)[-RECENT:]
            await _read(lab, load, http, "certificates", f"/children/{recent[-1]}/certificate",
                        recent[-1])  # fmt: skip
            connection = await asyncpg.connect(lab.databases["documents"], timeout=30)
            found = await connection.fetchrow(passing.READY, recent)
            await connection.close()
            if found:
                path = f"/certificates/{found['certificate_id']}/credentials.pdf"
                await _read(lab, load, http, "documents", path, found["child_id"])


async def _read(
    lab: Lab, load: Load, http: httpx.AsyncClient, service: str, path: str, who: object
) -> None:
    headers = {"Authorization": f"Bearer {load.tokens[who]}"}  # type: ignore[index]
    try:
        answer = await http.get(f"{lab.url(service)}{path}", headers=headers)
    except httpx.HTTPError:
        load.statuses["read: no answer"] += 1
    else:
        load.statuses[f"read: {answer.status_code}"] += 1


async def kills(lab: Lab, chance: Random, every_s: float, told: list[str]) -> None:
    """The second of two replicas, of any service; the first lives on, so that its growth shows."""
    while True:
        await asyncio.sleep(every_s * chance.uniform(0.5, 1.5))
        name = f"{chance.choice(SERVICES)}-2"
        lab.parts[name].send(signal.SIGKILL)
        told.append(name)
