"""The load of a run: requests by HTTP and on both lanes of Kafka, each noted with its answer.

Some students are known beforehand; of newcomers SGO tells while they ask, in any order. Some
senders ask again until they are answered, some give up: then nobody knows, and the checker bears
it.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from uuid import UUID, uuid4

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from contracts import Record, topics
from contracts.ids import derived, user_id
from contracts.topics import Topic
from identity.admin import own_id

from bench import people
from bench.town import a_town
from faults.checker import DENSE
from faults.history import Ask, Lane, Spoken
from faults.lab import Lab
from tools.stack.settings import ROOT
from tools.verify.records import said

AT_ONCE = 48
TRIES, AGAIN_S = 60, 0.5
ANSWER_S_MAX = 15.0
OPERATOR = "faults"
LANES: Sequence[Lane] = ("http", "http", "family", "bulk")
TOPIC_OF: dict[str, Topic] = {
    "family": topics.CERTIFICATE_REQUESTS,
    "bulk": topics.CERTIFICATE_REQUESTS_BULK,
}


class Load:
    """`asks` and `statuses` grow; `heard` is what a subscriber to the public topics got."""

    def __init__(self, lab: Lab, chance: Random) -> None:
        self.lab = lab
        self.chance = chance
        self.asks: dict[str, Ask] = {}
        self.statuses: Counter[str] = Counter()
        self.heard: list[Spoken] = []
        self.deaf = False
        self._heard_at: list[float] = []
        self.tokens: dict[UUID, str] = {}
        self._known: list[UUID] = []
        self._retired: list[AIOKafkaProducer | None] = []
        self._starting = asyncio.Lock()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()
        self._name = f"faults-{uuid4().hex[:8]}"
        self._newcomers = 0
        self._http: httpx.AsyncClient
        self._producer: AIOKafkaProducer | None = None

    @property
    def left(self) -> int:
        """Known students who have not asked yet."""
        return len(self._known)

    def fresh(self) -> str:
        """The id of one more person of SGO."""
        self._newcomers += 1
        return f"{self._name}-{self._newcomers}"

    async def operator(self) -> str:
        """The token of one who was made by identity's own command."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "identity.admin", "add-user", "--login", OPERATOR),
            *("--role", "operator", "--name", OPERATOR),
            env=dict(self.lab.parts["identity"].program.environment), cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await child.wait() == 0, "identity.admin could not add an operator"
        async with a_town(self.lab.stack) as town:
            return await town.token({"sub": str(own_id(OPERATOR)), "roles": ["operator"]})

    async def settle(self, count: int) -> None:
        """So many more students who are known to every service, with tokens."""
        async with a_town(self.lab.stack) as town:
            students = await town.settle(count)
            signed = await town.tokens(students)
        self.tokens |= dict(zip(students, signed, strict=True))
        self._known += students

    async def run(self, per_s: float, count: int | None = None) -> None:
        """Ask `count` times, or until cancelled; whether or not the earlier ones are answered."""
        asked = 0
        while count is None or asked < count:
            await self._room.acquire()
            task = asyncio.create_task(self._one())
            self._under_way.add(task)
            task.add_done_callback(self._over)
            asked += 1
            await asyncio.sleep(self.chance.expovariate(per_s))

    def _over(self, task: "asyncio.Task[None]") -> None:
        self._room.release()
        if not task.exception():
            self._under_way.discard(task)

    async def over(self) -> None:
        """Until each sender has its answer or has given up. Raises what a sender did not expect."""
        while self._under_way:
            await asyncio.gather(*self._under_way)

    @asynccontextmanager
    async def going_on(self, per_s: float) -> AsyncIterator[None]:
        """Load while the block runs; at its end every sender is through."""
        running = asyncio.create_task(self.run(per_s))
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await self.over()

    async def _one(self) -> None:
        lane = self.chance.choice(LANES)
        if lane == "http" and self._known:
            # Not the last word about a student: one of ten asks twice, perhaps on another lane.
            again = self.chance.random() < 0.1
            place = self.chance.randrange(len(self._known))
            student = self._known[place] if again else self._known.pop(place)
            await self._by_http(student, patient=self.chance.random() < 0.8)
        elif self._known and self.chance.random() < 0.4:
            await self._on(lane, self._known[self.chance.randrange(len(self._known))])
        else:
            await self._newcomer(lane)

    async def _newcomer(self, lane: Lane) -> None:
        sgo_id = self.fresh()
        told = people.record(people.student(sgo_id))
        both = [self._send(told, patient=True), self._on(lane, user_id(sgo_id))]
        self.chance.shuffle(both)
        await asyncio.gather(*both)

    async def _by_http(self, student: UUID, *, patient: bool) -> None:
        key = uuid4().hex
        request_id = str(derived(f"{student}:{key}", "certificate-request"))
        self.asks[request_id] = Ask(request_id, str(student), "http", answered=False)
        headers = {"Authorization": f"Bearer {self.tokens[student]}", "Idempotency-Key": key}
        for _ in range(TRIES if patient else 1):
            url = self.lab.url(self.chance.choice(self.lab.of("certificates")))
            where = f"{url}/children/{student}/certificate-requests"
            try:
                answer = await self._http.post(where, headers=headers)
            except httpx.HTTPError:
                self.statuses["no answer"] += 1
            else:
                self.statuses[str(answer.status_code)] += 1
                if answer.is_success:
                    assert answer.json()["request_id"] == request_id
                    return self._answered(request_id)
            await asyncio.sleep(AGAIN_S)
        return None

    async def _on(self, lane: Lane, student: UUID) -> None:
        lane = lane if lane in TOPIC_OF else "family"
        request = people.request(student)
        request_id = str(request.request_id)
        self.asks[request_id] = Ask(request_id, str(student), lane, answered=False)
        if await self._send(people.record(request, TOPIC_OF[lane]), patient=True):
            self._answered(request_id)

    async def tell(self, records: Sequence[Record]) -> None:
        """Facts of SGO, acknowledged if the broker can be reached at all."""
        await asyncio.gather(*(self._send(record, patient=True) for record in records))

    def _answered(self, request_id: str) -> None:
        self.asks[request_id] = replace(self.asks[request_id], answered=True)

    async def _send(self, record: Record, *, patient: bool) -> bool:
        """Whether the broker has acknowledged it; the same record again has the same id."""
        for _ in range(TRIES if patient else 1):
            try:
                producer = await self._producing()
                async with asyncio.timeout(ANSWER_S_MAX):
                    await producer.send_and_wait(
                        record.topic, record.value, record.key.encode(), headers=record.headers
                    )
            except (KafkaError, OSError, TimeoutError):
                self.statuses["not acknowledged"] += 1
                await asyncio.sleep(AGAIN_S)
            else:
                return True
        return False

    async def _producing(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                made = AIOKafkaProducer(
                    bootstrap_servers=self.lab.kafka, acks="all", request_timeout_ms=5000
                )
                try:
                    await made.start()
                except (KafkaError, OSError):
                    await made.stop()
                    raise
                self._producer = made
        return self._producer

    def silence(self, since: float) -> float:
        """The longest time without a public event from then on until now, by the loop's clock."""
        moments = [since, *(at for at in self._heard_at if at > since)]
        moments.append(asyncio.get_running_loop().time())
        return max(later - earlier for earlier, later in pairwise(moments))

    def forget_partitions(self) -> None:
        """The next record is sent by a producer that asks anew how many there are."""
        self._retired.append(self._producer)
        self._producer = None

    async def listen(self) -> None:
        """A subscriber to the public topics, who bears whatever becomes of the brokers."""
        parts = [
            TopicPartition(topic.name, n)
            for topic in topics.TOPICS
            if topic.name in DENSE
            for n in range(topic.partitions)
        ]
        async with AIOKafkaConsumer(bootstrap_servers=self.lab.kafka) as consumer:
            consumer.assign(parts)
            await consumer.seek_to_beginning()
            async for one in consumer:
                what = said(one.topic, one.key, one.value, one.headers)
                self._heard_at.append(asyncio.get_running_loop().time())
                self.heard.append(Spoken((one.topic, one.partition, one.offset), what))

    async def close(self) -> None:
        await self._http.aclose()
        for producer in (*self._retired, self._producer):
            if producer:
                with suppress(TimeoutError):
                    await asyncio.wait_for(producer.stop(), 10)


@asynccontextmanager
async def a_load(
    lab: Lab, chance: Random, *, students: int, listens: bool = True
) -> AsyncIterator[Load]:
    """With this many students known, and a subscriber who listens until the block ends."""
    load = Load(lab, chance)
    load._http = httpx.AsyncClient(  # noqa: SLF001  opened here, closed below
        timeout=ANSWER_S_MAX, trust_env=False, limits=httpx.Limits(keepalive_expiry=1)
    )
    load.deaf = not listens
    listening = asyncio.create_task(load.listen() if listens else asyncio.Event().wait())
    try:
        await load._http.get(f"{lab.url('identity')}/.well-known/jwks.json")  # noqa: SLF001  it makes its keys
        await load.settle(students)
        yield load
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        await load.close()


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
