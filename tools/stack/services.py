"""The services as child processes: their environment, and when they are ready."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tools.stack import secret_files
from tools.stack.memory_broker import FETCH_MAX_WAIT_MS
from tools.stack.problem import Problem
from tools.stack.program import Program
from tools.stack.settings import ROOT, SERVICES, StackSettings

PORTAL_URL = "https://portal.example"
OPERATOR = {  # of the demo: who answers for the data, in the consent and in acts
    "OPERATOR_NAME": "Комитет по образованию (пример)",
    "OPERATOR_ADDRESS": "123456, г. Пример, ул. Школьная, 1",
}
READY_S_MAX = 180  # Kafka starts at the same time, and checks its segments after a crash
ANSWER_S_MAX = 5
STOP_S_MAX = 40  # a service ends itself within 30 s
SECRET_VARIABLES = {"DATABASE_PASSWORD", "ENCRYPTION_KEY"}  # ours come from files


def url(settings: StackSettings, service: str) -> str:
    return f"http://127.0.0.1:{settings.ports[service]}"


def database(settings: StackSettings, service: str, role: str) -> str:
    """A service's database as one of its two roles, with the password."""
    password = secret_files.password_of(settings.local / "secrets", role)
    return f"postgresql://{role}:{password}@127.0.0.1:{settings.ports['postgres']}/{service}"


def environment(
    settings: StackSettings, service: str, bootstrap: str, *, memory: bool = False
) -> Mapping[str, str]:
    """What the user's environment says, and on top of it what the stack knows."""
    kept = {k: v for k, v in settings.environment.items() if k not in SECRET_VARIABLES}
    ours = {
        "DATABASE_URL": f"postgresql://{service}@127.0.0.1:{settings.ports['postgres']}/{service}",
        "SECRETS_DIR": str(settings.local / "secrets" / service),
        "KAFKA_BOOTSTRAP": bootstrap,
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(settings.ports[service]),
        "IDENTITY_URL": url(settings, "identity"),
        "PYTHONUNBUFFERED": "1",
    }
    if memory:
        ours["KAFKA_FETCH_MAX_WAIT_MS"] = str(FETCH_MAX_WAIT_MS)
    defaults = {
        "PORTAL_URL": PORTAL_URL,
        "PUBLIC_URL": url(settings, "certificates"),
        **OPERATOR,
    }
    return {**defaults, **kept, **ours}


async def migrate(settings: StackSettings, service: str) -> None:
    """Its tables, made or changed by their owner, before it is started. Raises Problem."""
    owner = secret_files.OWNERS[service]
    kept = {k: v for k, v in settings.environment.items() if k not in SECRET_VARIABLES}
    told = kept | {
        "DATABASE_URL": f"postgresql://{owner}@127.0.0.1:{settings.ports['postgres']}/{service}",
        "SECRETS_DIR": str(settings.local / "secrets" / owner),
        "SERVICE_ROLE": service,
    }
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chassis.migrate", service),
        env=told,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await child.communicate()
    if child.returncode:
        words = said.decode(errors="replace").strip()
        raise Problem(f"The tables of {service} could not be made: {words}")


async def is_ready(url: str) -> bool:
    """Asked many times a second while everything else starts: no client, whose TLS costs most."""
    where = urlsplit(url)
    try:
        async with asyncio.timeout(ANSWER_S_MAX):
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            try:
                writer.write(b"GET /health/ready HTTP/1.0\r\n\r\n")
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def program(name: str, environment: Mapping[str, str], url: str, log: Path) -> Program:
    """A service as `python -m <name>.main`."""
    return Program(
        name=name,
        command=[sys.executable, "-m", f"{name}.main"],
        log=log,
        environment=environment,
        ready=lambda: is_ready(url),
        ready_s_max=READY_S_MAX,
        stop_s_max=STOP_S_MAX,
        folder=ROOT,
    )


def programs(settings: StackSettings, bootstrap: str, *, memory: bool) -> list[Program]:
    return [
        program(
            name,
            environment(settings, name, bootstrap, memory=memory),
            url(settings, name),
            settings.local / "logs" / f"{name}.log",
        )
        for name in SERVICES
    ]
