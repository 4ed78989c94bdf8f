"""What an operator is told to set can be set in compose, and what must be set is demanded."""

import re
from typing import Any

import certificates.settings
import documents.settings
import identity.settings
import pytest
from chassis.settings import ServiceSettings

from tools.samples import ROOT

COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "operators-guide.md").read_text(encoding="utf-8")
SETTINGS = {
    "identity": identity.settings.Settings,
    "certificates": certificates.settings.Settings,
    "documents": documents.settings.Settings,
}
PARTS = re.findall(r"^(?:  )?([a-z-]+):", COMPOSE, re.MULTILINE)
NOT_FOR_AN_OPERATOR = {"http_port"}  # inside the container; the port outside is another variable


def block(name: str) -> str:
    """The lines under a key of the file's first or second level."""
    start = re.search(rf"^(  )?{name}:.*\n", COMPOSE, re.MULTILINE)
    assert start, name
    indent = len(start[1] or "")
    lines = COMPOSE[start.end() :].splitlines()
    inner = (n for n, line in enumerate(lines) if line.strip() and line[: indent + 1].strip())
    return "\n".join(lines[: next(inner, len(lines))])


def variables(text: str) -> set[str]:
    """Those that come from .env: ${NAME…} or a name without a value."""
    return set(re.findall(r"\$\{(\w+)", text)) | set(
        re.findall(r"^ +([A-Z_]+):$", text, re.MULTILINE)
    )


@pytest.mark.parametrize(("service", "kind"), SETTINGS.items(), ids=SETTINGS)
def test_every_setting_of_a_service_can_be_set_in_compose(service: str, kind: Any) -> None:
    given = variables(block("x-environment")) | variables(block(service))
    for name in set(kind.model_fields) - set(ServiceSettings.model_fields) - NOT_FOR_AN_OPERATOR:
        assert name.upper() in given, name


def test_every_variable_that_the_guide_names_can_be_set_in_compose() -> None:
    told = section(GUIDE, "Запуск")
    names = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", told)) | {"FORWARDED_ALLOW_IPS", "VALIDITY"}
    assert {"PORTAL_URL", "MODULE_OFF_IN", "KAFKA_PORT"} <= names
    assert names <= variables(COMPOSE)


@pytest.mark.parametrize("name", ["PORTAL_URL", "PUBLIC_URL", "OPERATOR_NAME", "OPERATOR_ADDRESS"])
def test_what_is_printed_for_families_is_demanded_in_a_sentence(name: str) -> None:
    """A forgotten one would send them to an example."""
    every = re.findall(rf"\$\{{{name}(.*)\}}", COMPOSE)
    assert every
    for rest in every:
        assert rest.startswith(f":?Set {name} in .env: ")
    assert f"{name}=" in section(GUIDE, "Запуск")


def test_the_image_of_all_services_is_built_once_and_never_fetched() -> None:
    """Built under one name by each, the last one would be another image than the others run."""
    assert len(re.findall(r"^ +build:", COMPOSE, re.MULTILINE)) == 1
    assert "\n    build: ." in block("identity")
    common = block("x-image")
    assert "<<: *image" in block("x-service")
    assert "<<: *image" in block("x-migrate")
    assert "image: additional-education-certificates" in common
    assert "pull_policy: never" in common
    for name in (*SETTINGS, "demo"):
        assert "<<: *service" in block(name)


@pytest.mark.parametrize("service", SETTINGS)
def test_a_service_starts_after_its_tables_are_made_and_is_never_given_their_owners_password(
    service: str,
) -> None:
    """`--wait` counts what has ended as failed, unless somebody waits for it to end."""
    once = block(f"{service}-migrate")
    assert f"{service}-migrate: {{condition: service_completed_successfully}}" in block(service)
    assert f"command: [python, -m, chassis.migrate, {service}]" in once
    assert f"SERVICE_ROLE: {service}\n" in once
    signed_in = set(
        re.findall(rf"postgresql://(\w+)@postgres:5432/{service}$", COMPOSE, re.MULTILINE)
    )
    assert signed_in == {service, f"{service}_owner"}
    assert f"//{service}_owner@" in once
    secret = f"{service}_owner_database_password"
    holders = {name for name in PARTS if secret in block(name)} - {"services"}
    assert holders == {"postgres", f"{service}-migrate", "secrets"}
    assert re.findall(r"source: (\w+)", once) == [secret]


def test_an_address_that_must_be_https_is_said_so_wherever_it_is_told() -> None:
    (demanded,) = re.findall(r"\$\{PORTAL_URL(.*)\}", COMPOSE)
    readme = (ROOT / "services" / "documents" / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in readme.splitlines() if line.startswith("| `PORTAL_URL`")]
    (told,) = [s for s in section(GUIDE, "Запуск").splitlines() if s.startswith("`PORTAL_URL`")]
    for place in (demanded, row, told.partition("`PUBLIC_URL`")[0]):
        assert "https://" in place


def section(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]
