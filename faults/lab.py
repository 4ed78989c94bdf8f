"""A whole system to be harmed: PostgreSQL, one Kafka or three, each service once or more.

On free ports of loopback and in a folder that is thrown away; only processes it started are ended.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from faults import release
from faults.part import Part
from faults.proxy import Proxy
from tools.stack import jars, kafka, postgres, secret_files, services
from tools.stack.apart import Stack, a_folder
from tools.stack.ports import free_port
from tools.stack.settings import DEFAULT_PORTS, SERVICES, StackSettings, load

SESSION_MS = 6000
BY_RELEASE = {"PYTHONPATH", "DATABASE_PASSWORD"}
ONE_EACH: Mapping[str, int] = dict.fromkeys(SERVICES, 1)


@dataclass(frozen=True)
class Shape:
    """How many Kafka nodes, how many of each service, and whether proxies stand before stores.

    `commit`: services are started as they were there, and are this release's only once renewed.
    """

    nodes: int = 1
    replicas: Mapping[str, int] = field(default_factory=lambda: ONE_EACH)
    proxied: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""


@dataclass
class Lab:
    """`parts` by name: postgres, kafka-1 …, identity, certificates-2, and so on."""

    settings: StackSettings
    shape: Shape
    parts: dict[str, Part]
    stack: Stack
    secrets: Mapping[str, bytes] = field(repr=False)
    superuser: str = field(repr=False)
    postgres_proxy: Proxy | None = None
    kafka_proxy: Proxy | None = None
    earlier: Path | None = None

    @property
    def kafka(self) -> str:
        return str(self.stack.demo["kafka"])

    @property
    def databases(self) -> Mapping[str, str]:
        """Past any proxy."""
        found: Mapping[str, str] = self.stack.demo["databases"]
        return found

    def owned(self, service: str) -> str:
        """Its database, signed in as the owner of its tables."""
        return services.database(self.settings, service, secret_files.OWNERS[service])

    def url(self, name: str) -> str:
        """Of a service, or of one of its replicas."""
        return f"http://127.0.0.1:{self.parts[name].program.environment['HTTP_PORT']}"

    def logs(self) -> list[Path]:
        return sorted((self.settings.local / "logs").glob("*.log"))

    def of(self, *kinds: str) -> list[str]:
        """The names of all parts of these kinds."""
        return [name for name in self.parts if name.split("-")[0] in kinds]

    async def migrate(self) -> None:
        """The tables are as this release needs them, whoever works with them meanwhile."""
        await asyncio.gather(*(services.migrate(self.settings, name) for name in SERVICES))

    def add(self, service: str) -> str:
        """One more replica, not started yet; its name."""
        count = len(self.of(service))
        name = service if count == 0 else f"{service}-{count + 1}"
        environment = self._environment(service, first=count == 0)
        url = f"http://127.0.0.1:{environment['HTTP_PORT']}"
        log = self.settings.local / "logs" / f"{name}.log"
        program = services.program(service, environment, url, log)
        self.parts[name] = Part(replace(program, name=name))
        self.choose(name, earlier=self.earlier is not None)
        return name

    def choose(self, name: str, *, earlier: bool) -> None:
        """Of which release it is when it is started next; the earlier one migrates by itself."""
        program, service = self.parts[name].program, name.partition("-")[0]
        role = secret_files.OWNERS[service] if earlier else service
        told = {k: v for k, v in program.environment.items() if k not in BY_RELEASE}
        told["DATABASE_URL"] = re.sub("//[^@]+@", f"//{role}@", told["DATABASE_URL"])
        if earlier:
            assert self.earlier is not None, "the shape names no commit"
            told |= release.environment(self.earlier)
            told["DATABASE_PASSWORD"] = _password(self.settings, role)
        self.parts[name].program = replace(program, environment=told)

    def _environment(self, service: str, *, first: bool) -> Mapping[str, str]:
        told = dict(services.environment(self.settings, service, self.kafka))
        told.pop("FAILPOINT", None)
        told |= {
            "KAFKA_SESSION_TIMEOUT_MS": str(SESSION_MS),
            "KAFKA_REPLICATION_FACTOR": str(min(3, self.shape.nodes)),
            **self.shape.variables,
        }
        if not first:
            told["HTTP_PORT"] = str(free_port())
        if self.postgres_proxy:
            port = self.postgres_proxy.port
            told["DATABASE_URL"] = f"postgresql://{service}@127.0.0.1:{port}/{service}"
        return told

    async def are_ready(self, names: Iterable[str]) -> bool:
        return all(await asyncio.gather(*(self.parts[name].is_ready() for name in names)))

    async def back(self, names: Iterable[str] = (), within_s: float = 120.0) -> float:
        """Seconds until these parts (all, where none is named) are ready. Raises TimeoutError."""
        clock, wanted = asyncio.get_running_loop().time, list(names) or list(self.parts)
        began = clock()
        async with asyncio.timeout(within_s):
            while not await self.are_ready(wanted):  # noqa: ASYNC110  other processes
                await asyncio.sleep(0.1)
        return clock() - began


@asynccontextmanager
async def a_lab(shape: Shape) -> AsyncIterator[Lab]:
    """Everything ready. Raises Problem where it does not come up, NoJars without Apache Kafka."""
    with a_folder("faults-") as folder:
        lab = await _made(folder, shape)
        try:
            stores = lab.of("postgres", "kafka")
            await asyncio.gather(*(lab.parts[name].up() for name in stores))
            secrets = lab.settings.local / "secrets"
            await asyncio.to_thread(postgres.ensure_databases, _server(lab.settings), secrets)
            if not shape.commit:
                await lab.migrate()
            for service in SERVICES:
                for _ in range(shape.replicas[service]):
                    lab.add(service)
            await asyncio.gather(*(lab.parts[name].up() for name in lab.of(*SERVICES)))
            yield lab
        finally:
            for kinds in (SERVICES, ("kafka", "postgres")):
                await asyncio.gather(*(lab.parts[name].end() for name in lab.of(*kinds)))
            for proxy in (lab.postgres_proxy, lab.kafka_proxy):
                if proxy:
                    await proxy.close()


async def _made(folder: Path, shape: Shape) -> Lab:
    ports = {name: free_port() for name in DEFAULT_PORTS}
    settings = replace(load(), local=folder, ports=ports)
    found = secret_files.ensure(folder / "secrets")
    proxies = [await Proxy.before(ports[name]) for name in ("postgres", "kafka") if shape.proxied]
    postgres_proxy, kafka_proxy = proxies or (None, None)
    nodes = [_node(settings, n, kafka_proxy) for n in range(1, shape.nodes + 1)]
    all_jars = jars.ensure(jars.folder_of(settings.jars), mirror=settings.maven_mirror)
    parts = {"postgres": Part(postgres.program(_server(settings)))}
    for node in nodes:
        program = kafka.program(node, all_jars, peers=nodes, heap="384m")
        parts[f"kafka-{node.id}"] = Part(program)
    secrets = {
        f"{kind} of {service}": (place / kind).read_bytes()
        for service, place in found.items()
        for kind in secret_files.KINDS
        if (place / kind).exists()
    }
    # An earlier release grants nothing to the services' own roles.
    roles = secret_files.OWNERS if shape.commit else {name: name for name in SERVICES}
    demo = {
        "urls": {name: services.url(settings, name) for name in SERVICES},
        "kafka": ",".join(node.bootstrap for node in nodes),
        "databases": {name: services.database(settings, name, roles[name]) for name in SERVICES},
    }
    dsn = _server(settings).dsn
    earlier = release.taken(shape.commit, folder / "earlier") if shape.commit else None
    return Lab(settings, shape, parts, Stack(folder, demo), secrets, dsn, postgres_proxy,
               kafka_proxy, earlier)  # fmt: skip


def _node(settings: StackSettings, n: int, proxy: Proxy | None) -> kafka.Node:
    first = n == 1
    return kafka.Node(
        settings.local / f"kafka-{n}",
        settings.ports["kafka"] if first else free_port(),
        free_port(),
        settings.local / "logs" / f"kafka-{n}.log",
        n,
        proxy.port if proxy else None,
    )


def _password(settings: StackSettings, role: str) -> str:
    return secret_files.password_of(settings.local / "secrets", role)


def _server(settings: StackSettings) -> postgres.Postgres:
    return postgres.Postgres(
        settings.local / "postgres",
        settings.ports["postgres"],
        _password(settings, secret_files.SERVER),
        settings.local / "logs" / "postgres.log",
    )
