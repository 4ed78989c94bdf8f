"""What the environment says about the local stack; the only module here that reads it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.stack.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("identity", "certificates", "documents")
DEFAULT_PORTS: Mapping[str, int] = {
    "identity": 8101,
    "certificates": 8102,
    "documents": 8103,
    "postgres": 15432,
    "kafka": 19092,
    "kafka_controller": 19093,  # one above Kafka's unless it is set
}


@dataclass(frozen=True)
class StackSettings:
    """`kafka` is apache, memory, host:port, or None: apache if its jars can be had."""

    local: Path
    ports: Mapping[str, int]
    kafka: str | None
    kafka_fast_start: bool
    jars: Path | None
    maven_mirror: str | None
    ci: bool
    once: bool
    environment: Mapping[str, str] = field(repr=False)


def load() -> StackSettings:
    """Read the environment. Raises Problem for a value that cannot be."""
    env = os.environ  # noqa: TID251  this is the place
    jars = env.get("KAFKA_JARS")
    return StackSettings(
        local=Path(env.get("LOCAL_DIR") or ROOT / ".local").resolve(),
        ports={name: _port(env, name) for name in DEFAULT_PORTS},
        kafka=_kafka(env.get("KAFKA")),
        kafka_fast_start=_switch(env, "KAFKA_FAST_START", default=True),
        jars=Path(jars).expanduser().resolve() if jars else None,
        maven_mirror=env.get("MAVEN_MIRROR") or None,
        ci=env.get("CI", "").lower() in {"1", "true"},
        once=_switch(env, "ONCE", default=False),
        environment=dict(env),
    )


def _switch(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = env.get(name) or str(int(default))
    if text not in {"0", "1"}:
        raise Problem(f"{name} is {text!r}; it must be 0 or 1.")
    return text == "1"


def variable(name: str) -> str:
    """The environment variable that changes a port."""
    return f"{name.upper()}_PORT"


def _port(env: Mapping[str, str], name: str) -> int:
    text = env.get(variable(name)) or str(DEFAULT_PORTS[name])
    if name == "kafka_controller" and not env.get(variable(name)):
        text = str(_port(env, "kafka") % 65535 + 1)
    if not _is_port(text):
        raise Problem(f"{variable(name)} is {text!r}; it must be a port number from 1 to 65535.")
    return int(text)


def _kafka(text: str | None) -> str | None:
    if not text or text in {"apache", "memory"}:
        return text or None
    for address in text.split(","):
        host, _, port = address.rpartition(":")
        if not (host and _is_port(port)):
            raise Problem(f"KAFKA is {text!r}; it must be apache, memory, or an address host:port.")
    return text


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) < 65536  # noqa: PLR2004  TCP
