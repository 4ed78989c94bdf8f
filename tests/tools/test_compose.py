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


def section(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]
