"""A small town whose certificates went the whole way, through all three services."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from certificates import main as certificates
from certificates.settings import Settings as CertificatesSettings
from chassis import journal
from chassis.outbox import Store
from chassis.records import KeptRecord
from contracts import Tombstone, topics
from contracts.events import SgoChildLinkChanged
from contracts.ids import user_id
from documents import main as documents
from documents.build import Workshop
from documents.credentials_page.render import CURRENT
from documents.settings import Settings as DocumentsSettings
from identity import main as identity
from identity.settings import Settings as IdentitySettings

from tests.builders import a_record
from tests.conftest import a_prefix, settings_on
from tests.running import Whole, serving
from tests.servers import PostgresServer
from tests.system.outside import a_request, a_student
from tests.waiting import eventually

CHILDREN = tuple(f"child-{n}" for n in range(14))
MASS = CHILDREN[:2]  # asked for on the lane for masses
LITTLE, GONE, PARENT = "little", "gone", "parent"
LATE = ("late-0", "late-1")  # they did not ask yet
PORTAL = "https://portal.example"


@asynccontextmanager
async def nobody() -> AsyncIterator[Sequence[Whole]]:
    yield []


@dataclass(frozen=True)
class World:
    """Where everything is; `certificates` are the ids by the children's names.

    `alive` lets the services run until its block ends; `settings` are theirs, by their names.
    """

    databases: dict[str, str]
    kafka: str
    prefix: str
    certificates: dict[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    alive: Callable[[], AbstractAsyncContextManager[Sequence[Whole]]] = field(default=nobody)

    async def execute(self, service: str, *statements: str) -> None:
        """Behind the service's back."""
        connection = await asyncpg.connect(self.databases[service])
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def say(self, *records: KeptRecord) -> None:
        """Onto the topics, as anybody may who reaches the broker."""
        async with AIOKafkaProducer(bootstrap_servers=self.kafka, acks="all") as producer:
            for one in records:
                await producer.send_and_wait(
                    one.topic, one.value, one.key, 0, headers=list(one.headers)
                )


@asynccontextmanager
async def a_world(server: PostgresServer, kafka: str, migrated_url: Any) -> AsyncIterator[World]:
    """Everybody is told and answered; then the services stop, and the world is as they left it."""
    prefix = a_prefix()
    urls = {name: await migrated_url(name) for name in SERVICES}

    def settings(name: str, kind: Any, **more: object) -> Any:
        known = {"kafka_bootstrap": kafka, "kafka_topic_prefix": prefix}
        return settings_on(server, urls[name], kind, **known, **more)

    known = {
        "identity": settings("identity", IdentitySettings),
        "certificates": settings("certificates", CertificatesSettings),
        "documents": settings("documents", DocumentsSettings, portal_url=PORTAL),
    }

    @asynccontextmanager
    async def alive() -> AsyncIterator[Sequence[Whole]]:
        async with AsyncExitStack() as stack:
            executor = stack.enter_context(ThreadPoolExecutor(2))
            workshop = Workshop(known["documents"].key_bytes, PORTAL, executor, CURRENT)
            made = (
                identity.make(known["identity"]),
                certificates.make(known["certificates"]),
                documents.make(known["documents"], workshop),
            )
            yield [await stack.enter_async_context(serving(service)) for service in made]

    async with alive() as services:
        await _live(services, prefix)
        rows = await services[1].pool.fetch("SELECT certificate_id, child_id FROM certificates")
        by_child = {row["child_id"]: str(row["certificate_id"]) for row in rows}
        made = {name: by_child[user_id(name)] for name in CHILDREN}
    for url in urls.values():  # what came in the last second before the stop is not sealed yet
        async with asyncpg.create_pool(url, password=server.password) as pool:
            await journal.seal(Store(pool))
    host = server.url.removeprefix("postgresql://")
    user, _, where = host.partition("@")
    yield World(
        {name: f"postgresql://{user}:{server.password}@{where}/{url.rpartition('/')[2]}"
         for name, url in urls.items()},
        kafka, prefix, made, known, alive,
    )  # fmt: skip


SERVICES = ("identity", "certificates", "documents")


async def _live(services: Sequence[Whole], prefix: str) -> None:
    sgo, desk, press = services
    people = [a_student(name) for name in (*CHILDREN, *LATE, GONE, PARENT)] + [
        a_student(LITTLE, age=4)
    ]
    links = [
        SgoChildLinkChanged(sgo_parent_id=PARENT, sgo_child_id=name, version=1, linked=True)
        for name in CHILDREN
    ]
    await sgo.hears(*(a_record(event, prefix=prefix) for event in (*people, *links)))
    await sgo.hears(a_record(Tombstone(GONE), topic=topics.SGO_USERS, prefix=prefix))
    lanes = dict.fromkeys(MASS, topics.CERTIFICATE_REQUESTS_BULK)
    for name in (*CHILDREN, LITTLE):
        await desk.hears(a_record(a_request(name), topic=lanes.get(name), prefix=prefix))

    async def is_done() -> bool:
        gone = "SELECT FROM people WHERE user_id = $1 AND erased"
        heard = [
            await one.has(gone, user_id(GONE)) and await one.count("child_links") == len(links)
            for one in (desk, press)
        ]
        unsent = [await one.count("outbox") for one in services]
        done = await sgo.count("erasure_confirmations") == len(services)
        return (
            all(heard)
            and done
            and not any(unsent)
            and await press.count("credentials") == len(CHILDREN)
        )

    await eventually(is_done)
