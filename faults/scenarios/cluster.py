"""Three Kafka nodes, three replicas of each partition, two of which must have a record."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable

from aiokafka.admin import AIOKafkaAdminClient
from contracts import topics

from faults.lab import Shape
from faults.scenario import RATE_PER_S, Stage, scenario
from tools.stack.settings import SERVICES

THREE = Shape(nodes=3)
STALL_S_MAX = 30.0  # the longest silence for a subscriber
DOWN_S = 15.0
AWAY_S = 120.0
GROUP = f"certificates.{topics.CERTIFICATE_REQUESTS.name}"
Find = Callable[[AIOKafkaAdminClient], Awaitable[int]]


async def _leader(admin: AIOKafkaAdminClient) -> int:
    """The node that leads most partitions of the requests."""
    (topic,) = await admin.describe_topics([topics.CERTIFICATE_REQUESTS.name])
    leaders = Counter(part["leader"] for part in topic["partitions"])
    return int(leaders.most_common(1)[0][0])


async def _coordinator(admin: AIOKafkaAdminClient) -> int:
    return int(await admin.find_coordinator(GROUP))


async def _kill(stage: Stage, find: Find) -> str:
    async with stage.load.going_on(RATE_PER_S):
        for _ in range(2 * stage.times):
            await asyncio.sleep(stage.chance.uniform(1, 3))
            admin = AIOKafkaAdminClient(bootstrap_servers=stage.lab.kafka)
            await admin.start()
            node = f"kafka-{await find(admin)}"
            await admin.close()
            before, at = stage.load.statuses["202"], asyncio.get_running_loop().time()
            await stage.lab.parts[node].down(signal.SIGKILL)
            await stage.back(*SERVICES)  # two nodes are enough
            await asyncio.sleep(DOWN_S)
            stage.backs.append(stage.load.silence(at))
            accepted = stage.load.statuses["202"] - before
            stage.expect(accepted, "I6", f"no press was accepted while {node} was down")
            await stage.lab.parts[node].begin()
            await stage.lab.back([node])
    return f"{stage.harms} times, the two others went on"


@scenario("partition leader killed", back_s=STALL_S_MAX, shape=THREE)
async def leader_killed(stage: Stage) -> str:
    """The one of the requests' topic."""
    return await _kill(stage, _leader)


@scenario("group coordinator killed", back_s=STALL_S_MAX, shape=THREE)
async def coordinator_killed(stage: Stage) -> str:
    """The one of the group that hears requests."""
    return await _kill(stage, _coordinator)


@scenario("rolling restart of Kafka", back_s=STALL_S_MAX, shape=THREE)
async def kafka_rolling_restart(stage: Stage) -> str:
    """Each node in turn is asked to end and comes back."""
    async with stage.load.going_on(RATE_PER_S):
        for node in stage.lab.of("kafka") * stage.times:
            at = asyncio.get_running_loop().time()
            await stage.lab.parts[node].down(signal.SIGTERM)
            await stage.lab.parts[node].begin()
            await stage.lab.back([node])
            await stage.back(*SERVICES)
            await _whole(stage)
            stage.backs.append(stage.load.silence(at))
    return f"{stage.harms} nodes"


async def _whole(stage: Stage) -> None:
    """Until each partition has all its replicas again, so that the next node may go."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.lab.kafka)
    await admin.start()
    try:
        async with asyncio.timeout(60):
            while True:
                known = await admin.describe_topics([topic.name for topic in topics.TOPICS])
                parts = [part for topic in known for part in topic["partitions"]]
                if all(len(part["isr"]) == len(part["replicas"]) for part in parts):
                    return
                await asyncio.sleep(0.5)
    finally:
        await admin.close()


@scenario("all of Kafka down for two minutes", back_s=STALL_S_MAX, shape=THREE)
async def kafka_all_down(stage: Stage) -> str:
    """Presses are accepted into the outbox meanwhile; `back` counts from its return."""
    lab, nodes = stage.lab, stage.lab.of("kafka")
    async with stage.load.going_on(RATE_PER_S / 5):
        await asyncio.sleep(2)
        before = stage.load.statuses["202"]
        for node in nodes:
            await lab.parts[node].down(signal.SIGKILL)
        await asyncio.sleep(AWAY_S)
        accepted = stage.load.statuses["202"] - before
        stage.expect(accepted, "I6", "no press was accepted while Kafka was down")
        for node in nodes:
            await lab.parts[node].begin()
        await lab.back(nodes)
        await stage.back(*SERVICES)
    return f"{AWAY_S:.0f} s, {accepted} presses were accepted meanwhile"
