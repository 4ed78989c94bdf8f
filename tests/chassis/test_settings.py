"""A service that cannot start says why in one sentence, and never repeats a secret."""

import re
import socket
import sys

import certificates.settings
import documents.settings
import pytest
from chassis import queries
from chassis.server import EXIT_PORT_IN_USE, listen
from chassis.settings import EXIT_BAD_SETTINGS, load

from tests.chassis.bench import Settings
from tests.conftest import KEY

COMPLETE = {
    "DATABASE_URL": "postgresql://u@h/d",
    "DATABASE_PASSWORD": "from the environment",
    "KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "ENCRYPTION_KEY": KEY,
}


@pytest.fixture
def environment(monkeypatch):
    """A complete environment; a test takes something away."""
    monkeypatch.delenv("SECRETS_DIR", raising=False)
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def refusal(capsys) -> str:
    with pytest.raises(SystemExit) as left:
        load(Settings)
    assert left.value.code == EXIT_BAD_SETTINGS == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("name", COMPLETE)
def test_a_missing_setting_is_named_in_one_sentence(environment, capsys, name):
    environment.delenv(name)
    said = refusal(capsys)
    assert said.count("\n") == 1
    assert said.startswith(f"Setting {name} is missing. Set the environment variable {name}")


def test_a_setting_that_must_be_json_is_named(environment, capsys):
    environment.setenv("MODULE_OFF_IN", "m1")
    with pytest.raises(SystemExit):
        load(certificates.settings.Settings)
    assert capsys.readouterr().err == "Setting MODULE_OFF_IN is wrong: it must be JSON.\n"


def test_a_port_that_cannot_be_is_refused(environment, capsys):
    environment.setenv("HTTP_PORT", "99999")
    with pytest.raises(SystemExit):
        load(certificates.settings.Settings)
    assert capsys.readouterr().err.startswith("Setting HTTP_PORT is wrong")


def test_a_wrong_setting_is_named_and_its_value_is_not_repeated(environment, capsys):
    environment.setenv("ENCRYPTION_KEY", "canary-secret")
    said = refusal(capsys)
    assert said.startswith("Setting ENCRYPTION_KEY is wrong: it must be 32 bytes in base64url. ")
    assert "canary" not in said


PATTERNED = {
    Settings: {
        "DATABASE_URL": "the database's address, like postgresql://",
        "KAFKA_BOOTSTRAP": "host:port",
        "LOG_LEVEL": "debug, info, warning or error",
    },
    certificates.settings.Settings: {"REGION_CODE": "two digits, like 78"},
    documents.settings.Settings: {
        "PORTAL_URL": "an address that begins with https:// ",
        "PUBLIC_URL": "an address that begins with https:// (or http://) ",
    },
}


@pytest.mark.parametrize(
    ("kind", "name", "what"),
    [(kind, *one) for kind, told in PATTERNED.items() for one in told.items()],
    ids=[name for told in PATTERNED.values() for name in told],
)
def test_a_setting_of_the_wrong_form_is_told_the_right_one_in_words(
    environment, capsys, kind, name, what
):
    environment.setenv("PORTAL_URL", "https://portal.example")
    environment.setenv("PUBLIC_URL", "https://certificates.example")
    load(kind)
    environment.setenv(name, "no canary")
    with pytest.raises(SystemExit):
        load(kind)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"Setting {name} is wrong: it must be {what}")
    assert not re.search(r"pattern|canary|[\\^$\[]", said.partition("$SECRETS_DIR")[0])


def test_the_portals_address_must_be_https(environment, capsys):
    """Families type their password there."""
    environment.setenv("PORTAL_URL", "http://portal.example")
    environment.setenv("PUBLIC_URL", "http://127.0.0.1:8102")
    with pytest.raises(SystemExit):
        load(documents.settings.Settings)
    assert capsys.readouterr().err.startswith("Setting PORTAL_URL is wrong: it must be an address")


def test_secrets_come_from_files(environment, tmp_path):
    environment.delenv("DATABASE_PASSWORD")
    environment.setenv("SECRETS_DIR", str(tmp_path))
    (tmp_path / "database_password").write_text("from a file\n")
    assert load(Settings).database_password.get_secret_value() == "from a file"


def test_settings_do_not_print_secrets(environment):
    assert KEY not in repr(load(Settings))
    assert COMPLETE["DATABASE_PASSWORD"] not in repr(load(Settings))


def test_a_port_in_use_is_said_in_one_sentence(environment, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment.setenv("HTTP_PORT", str(port))
        with pytest.raises(SystemExit) as left:
            listen(load(Settings), "bench")
    assert left.value.code == EXIT_PORT_IN_USE
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"bench cannot listen on 127.0.0.1:{port} (Address already in use)")
    assert "HTTP_PORT" in said


def test_a_query_name_that_is_used_twice_is_refused(tmp_path, monkeypatch):
    package = tmp_path / "doubled_queries"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "queries.sql").write_text("-- name: a\nSELECT 1\n\n-- name: a\nSELECT 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        with pytest.raises(ValueError, match=r"doubled_queries/queries\.sql: a query name is used"):
            queries.load(package.name)
    finally:
        sys.modules.pop(package.name, None)


def test_queries_are_found_by_name():
    assert queries.load("chassis")["unsent"].startswith("SELECT id, topic, key, value, headers")
