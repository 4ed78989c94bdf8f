"""Apache Kafka's jars: fetched once by coordinate, accepted only with the hash written down here.

They are kept per user, outside the repository (`KAFKA_JARS` names another folder that is there),
so that a second clone fetches nothing. `MAVEN_MIRROR` names another Maven repository.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from tools.stack.problem import Problem, disk_full

if TYPE_CHECKING:
    from maven_artifact import Downloader

LOCK = Path(__file__).with_name("kafka-jars.txt")
THREADS = 8
CONNECT_S_MAX, READ_S_MAX = 10, 60
TRIES = 3


class NoJars(Problem):
    """Apache Kafka's jars cannot be had."""


@dataclass(frozen=True)
class Jar:
    coordinate: str  # group:artifact:version
    sha256: str

    @property
    def file_name(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def locked(lock: Path = LOCK) -> list[Jar]:
    """The jars written down, `group:artifact:version sha256` a line."""
    lines = (line.split() for line in lock.read_text().splitlines())
    return [Jar(*words) for words in lines if words and not words[0].startswith("#")]


def folder_of(named: Path | None) -> Path:
    """The named folder, or the user's cache folder, which is made. Raises Problem.

    A named one is never made: a slip of the pen would fetch everything once more, somewhere.
    """
    if named and not named.is_dir():
        raise Problem(
            f"KAFKA_JARS is {named}, and there is no such folder: make it, or correct KAFKA_JARS,"
            " or unset it: the jars are then kept in a cache folder of yours."
        )
    return named or _made(Path(platformdirs.user_cache_dir("additional-education-certificates")))


def _made(cache: Path) -> Path:
    folder = cache / "kafka-jars"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if full := disk_full(error):
            raise full from None
        raise Problem(
            f"The cache folder {folder} cannot be made ({error.strerror}):"
            " set KAFKA_JARS to a folder of yours."
        ) from None
    return folder


def ensure(
    folder: Path,
    *,
    mirror: str | None = None,
    say: Callable[[str], None] = print,
    jars: Sequence[Jar] | None = None,
) -> list[Path]:
    """The jars' paths, each with the right hash; fetches what is missing. Raises NoJars."""
    wanted = locked() if jars is None else jars
    with ThreadPoolExecutor(THREADS) as pool:
        right = pool.map(lambda jar: is_right(folder / jar.file_name, jar), wanted)
        missing = [jar for jar, there in zip(wanted, right, strict=True) if not there]
        if missing:
            from maven_artifact import Downloader  # noqa: PLC0415  slow, and needed once

            say(f"Fetching {len(missing)} jars of Apache Kafka into {folder} …")
            downloader = Downloader(base=mirror) if mirror else Downloader()
            for _ in pool.map(lambda jar: _fetch(downloader, jar, folder), missing):
                pass
    return [folder / jar.file_name for jar in wanted]


def is_right(path: Path, jar: Jar) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256
    except OSError:
        return False


def download(downloader: "Downloader", coordinate: str) -> bytes:
    """The jar as the Maven repository has it. Raises requests' exceptions."""
    from maven_artifact import Artifact  # noqa: PLC0415  as above

    url = downloader.resolver.uri_for_artifact(Artifact.parse(coordinate))
    answer = downloader.requestor.request(url, None, timeout=(CONNECT_S_MAX, READ_S_MAX))
    content: bytes = answer.content
    return content


def _fetch(downloader: "Downloader", jar: Jar, folder: Path) -> None:
    content = _patiently(downloader, jar)
    if hashlib.sha256(content).hexdigest() != jar.sha256:
        raise Problem(
            f"The jar {jar.coordinate} came with another content than {LOCK.name} says, so it"
            " is not used: try another network, or look what MAVEN_MIRROR serves."
        )
    draft = folder / f".{jar.file_name}.{os.getpid()}"
    try:
        draft.write_bytes(content)
        draft.replace(folder / jar.file_name)
    finally:
        draft.unlink(missing_ok=True)


def _patiently(downloader: "Downloader", jar: Jar) -> bytes:
    import requests  # noqa: PLC0415  as above

    for tries_left in reversed(range(TRIES)):
        try:
            return download(downloader, jar.coordinate)
        except requests.HTTPError as error:
            why = f"the server answers {error.response.status_code}"
            break
        except (requests.RequestException, OSError) as error:
            why = type(error).__name__
            if tries_left == 0:
                break
    raise NoJars(
        f"Apache Kafka's jar {jar.coordinate} could not be fetched ({why}): connect to the"
        " network for the first set-up, or set MAVEN_MIRROR to a Maven repository within reach,"
        " or have a look without Apache Kafka by KAFKA=memory."
    )
