"""Write kafka-jars.txt: which jars Apache Kafka needs, with their hashes.

For the maintainer who raises Kafka's version; it asks Maven (`mvn`) what belongs together.
    python -m tools.stack.lock_jars
"""

import hashlib
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from maven_artifact import Downloader

from tools.stack import settings
from tools.stack.jars import LOCK, THREADS, download

WANTED: Final = (
    "org.apache.kafka:kafka_2.13:4.3.1",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",  # its log, in words
)
_LINE: Final = re.compile(
    r"^\s+([\w.-]+):([\w.-]+):jar:([\w.-]+):(?:compile|runtime)\b", re.MULTILINE
)


def main() -> None:
    """Ask Maven, fetch each jar, write the list."""
    mirror = settings.load().maven_mirror
    downloader = Downloader(base=mirror) if mirror else Downloader()
    coordinates = sorted(":".join(found) for found in _LINE.findall(_dependencies()))
    with ThreadPoolExecutor(THREADS) as pool:
        contents = pool.map(lambda coordinate: download(downloader, coordinate), coordinates)
        lines = [
            f"{coordinate} {hashlib.sha256(content).hexdigest()}"
            for coordinate, content in zip(coordinates, contents, strict=True)
        ]
    head = "# Apache Kafka and what it needs at run time; made by python -m tools.stack.lock_jars"
    LOCK.write_text("\n".join([head, *lines]) + "\n")
    print(f"{len(lines)} jars written to {LOCK.name}")


def _dependencies() -> str:
    wanted = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>"
        "</dependency>".format(*coordinate.split(":"))
        for coordinate in WANTED
    )
    project = (
        "<project><modelVersion>4.0.0</modelVersion><groupId>local</groupId>"
        f"<artifactId>jars</artifactId><version>1</version><dependencies>{wanted}</dependencies>"
        "</project>"
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pom.xml").write_text(project)
        listed = Path(folder) / "list.txt"
        command = ["mvn", "-q", "-B", "dependency:list", "-DincludeScope=runtime"]
        subprocess.run([*command, f"-DoutputFile={listed}"], cwd=folder, check=True)
        return listed.read_text()


if __name__ == "__main__":
    main()
