"""Which Kafka: the one that the environment names, Apache Kafka, or the in-memory broker."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tools.stack import jars, kafka, memory_broker
from tools.stack.problem import Problem
from tools.stack.program import Program, accepts, say
from tools.stack.settings import ROOT, StackSettings

LOUD = """
!! KAFKA=memory: the broker lives in memory and keeps nothing.
!! Every event is gone when the stack stops. This is for a look, not for proof.
"""


@dataclass(frozen=True)
class Broker:
    """`program` is None where somebody else runs the broker."""

    kind: Literal["apache", "memory", "given"]
    program: Program | None
    _address: str | Path

    @property
    def bootstrap(self) -> str:
        """host:port; of the in-memory broker only once it is ready."""
        return self._address if isinstance(self._address, str) else self._address.read_text()


async def choose(settings: StackSettings) -> Broker:
    """Raises Problem when the one that was asked for cannot be had."""
    if settings.kafka == "memory":
        return memory(settings.local)
    if settings.kafka not in {None, "apache"}:
        return await _given(str(settings.kafka))
    try:
        return apache(settings)
    except jars.NoJars as problem:
        if settings.kafka == "apache" or settings.ci or _has_events(settings.local):
            raise
        say(f"\n!! {problem}")
        return memory(settings.local)


def _has_events(local: Path) -> bool:
    """Whether Apache Kafka's data is here: what another broker said would never be in it."""
    return (local / "kafka" / "log").exists()


def apache(settings: StackSettings) -> Broker:
    """Raises NoJars, and Problem where KAFKA_JARS is no folder."""
    found = jars.ensure(jars.folder_of(settings.jars), mirror=settings.maven_mirror, say=say)
    node = kafka.Node(
        folder=settings.local / "kafka",
        port=settings.ports["kafka"],
        controller_port=settings.ports["kafka_controller"],
        log=settings.local / "logs" / "kafka.log",
    )
    jvm = kafka.FAST_START if settings.kafka_fast_start else ()
    return Broker("apache", kafka.program(node, found, jvm=jvm), node.bootstrap)


def memory(local: Path) -> Broker:
    say(LOUD)
    return Broker("memory", memory_program(local), local / "memory-broker")


def memory_program(local: Path) -> Program:
    """The in-memory broker as a child that writes its address to `local/memory-broker`."""
    address = local / "memory-broker"
    local.mkdir(parents=True, exist_ok=True)

    async def is_there() -> bool:
        return address.exists()

    return Program(
        name="kafka",
        command=[sys.executable, "-m", memory_broker.__name__, str(address)],
        log=local / "logs" / "kafka.log",
        environment={},
        ready=is_there,
        before_start=lambda: address.unlink(missing_ok=True),
        folder=ROOT,
        comes_back=False,
    )


async def _given(address: str) -> Broker:
    for one in address.split(","):
        host, _, port = one.rpartition(":")
        if await accepts(host, int(port)):
            return Broker("given", None, address)
    raise Problem(f"No Kafka answers at {address}: start it, or correct KAFKA.")
