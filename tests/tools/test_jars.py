"""Jars are accepted only with the hash that is written down."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools.stack import broker_choice, jars
from tools.stack.jars import Jar, NoJars
from tools.stack.ports import free_port
from tools.stack.problem import Problem

from .settings import a_stack

GOOD = b"a jar"


class Repository(ThreadingHTTPServer):
    """Serves one content under every path, and counts."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.content = content
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Repository

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is its own."""


@pytest.fixture
def repository() -> Iterator[Repository]:
    with Repository(GOOD) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def a_jar(name: str = "one", content: bytes = GOOD) -> Jar:
    return Jar(f"org.example:{name}:1.0", hashlib.sha256(content).hexdigest())


def said(_: str) -> None:
    """Nobody listens."""


def test_the_cache_folder_is_made_where_none_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = jars.folder_of(None)
    assert folder.is_dir()
    assert folder.is_relative_to(tmp_path)


def test_a_cache_folder_that_cannot_be_made_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file is in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(Problem, match=r"cannot be made \(Not a directory\): set KAFKA_JARS"):
        jars.folder_of(None)


def test_the_named_folder_is_taken_as_it_is(tmp_path):
    assert jars.folder_of(tmp_path) == tmp_path


def test_fetches_a_jar_by_its_coordinate(repository, tmp_path):
    assert jars.ensure(tmp_path, mirror=repository.url, jars=[a_jar()], say=said) == [
        tmp_path / "one-1.0.jar"
    ]
    assert (tmp_path / "one-1.0.jar").read_bytes() == GOOD
    assert repository.asked == ["/org/example/one/1.0/one-1.0.jar"]


def test_fetches_nothing_that_is_there(repository, tmp_path):
    wanted = [a_jar("one"), a_jar("two")]
    jars.ensure(tmp_path, mirror=repository.url, jars=wanted, say=said)
    jars.ensure(tmp_path, mirror=repository.url, jars=wanted, say=said)
    assert len(repository.asked) == 2


def test_refuses_a_jar_with_another_hash_and_keeps_nothing_of_it(repository, tmp_path):
    with pytest.raises(Problem, match=r"org.example:one:1.0 came with another content") as refused:
        jars.ensure(tmp_path, mirror=repository.url, jars=[a_jar(content=b"another jar")], say=said)
    assert not isinstance(refused.value, NoJars), "a forged jar must not lead to the memory broker"
    assert list(tmp_path.iterdir()) == []


def test_fetches_a_damaged_jar_again(repository, tmp_path):
    (tmp_path / "one-1.0.jar").write_bytes(b"half a j")
    jars.ensure(tmp_path, mirror=repository.url, jars=[a_jar()], say=said)
    assert (tmp_path / "one-1.0.jar").read_bytes() == GOOD


def test_says_what_to_do_without_a_network(tmp_path):
    with pytest.raises(NoJars, match="connect to the network") as problem:
        jars.ensure(tmp_path, mirror=f"http://127.0.0.1:{free_port()}", jars=[a_jar()], say=said)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(("kafka", "ci"), [(None, True), ("apache", False)])
async def test_does_not_fall_back_to_memory_in_ci_or_when_apache_was_asked_for(tmp_path, kafka, ci):
    with pytest.raises(NoJars):
        await broker_choice.choose(a_stack(tmp_path, kafka=kafka, ci=ci))


async def test_does_not_fall_back_to_memory_beside_the_data_of_apache_kafka(tmp_path):
    """What the other broker said would be missing from the topics for good."""
    settings = a_stack(tmp_path, kafka=None, ci=False)
    (settings.local / "kafka" / "log").mkdir(parents=True)
    with pytest.raises(NoJars):
        await broker_choice.choose(settings)


async def test_falls_back_to_memory_loudly_elsewhere(tmp_path, capsys):
    broker = await broker_choice.choose(a_stack(tmp_path, kafka=None, ci=False))
    assert broker.kind == "memory"
    assert "keeps nothing" in capsys.readouterr().out


def test_the_list_names_every_jar_once_with_its_hash():
    listed = jars.locked()
    assert len({jar.file_name for jar in listed}) == len(listed) > 40
    assert all(len(jar.sha256) == 64 for jar in listed)
    assert any(jar.coordinate == "org.apache.kafka:kafka_2.13:4.3.1" for jar in listed)
