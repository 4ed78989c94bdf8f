"""Each service's README says what its code does; a link in a document leads somewhere."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import certificates.consumers
import certificates.settings
import documents.consumers
import documents.settings
import identity.consumers
import identity.settings
import pytest
from chassis.settings import ServiceSettings
from contracts import Tombstone
from contracts.values import DocumentFailure, RefusalCode

from tests.builders import MOSCOW, a_region
from tools.docs import ROUTERS, openapi
from tools.samples import ROOT

SERVICES = ("identity", "certificates", "documents")
HANDLERS = {
    "identity": identity.consumers.handlers(),
    "certificates": certificates.consumers.handlers(a_region()),
    "documents": documents.consumers.handlers(None, None, MOSCOW),
}
SETTINGS: dict[str, type[ServiceSettings]] = {
    "identity": identity.settings.Settings,
    "certificates": certificates.settings.Settings,
    "documents": documents.settings.Settings,
}
ARCHITECTURE = ROOT / "docs" / "architecture.md"
DOCUMENTS = sorted(
    [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "services").rglob("README.md")]
)
by_service = pytest.mark.parametrize("service", SERVICES)


def readme(service: str) -> str:
    return (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


@by_service
def test_what_a_service_hears_is_listed(service: str) -> None:
    heard = section(readme(service), "Hears")
    for handler in HANDLERS[service]:
        assert f"`{handler.topic.name}`" in heard
        said: Any = handler.event
        assert "tombstone" in heard if said is Tombstone else f"`{said.TYPE}`" in heard


@by_service
def test_every_route_is_listed_and_no_other(service: str) -> None:
    listed = set(re.findall(r"^\| `([A-Z]+ /\S*)`", section(readme(service), "HTTP"), re.MULTILINE))
    paths = openapi(service, ROUTERS[service])["paths"]
    every = ("/health/live", "/health/ready")
    routes = {f"{m.upper()} {path}" for path, known in paths.items() for m in known}
    assert listed == routes - {f"GET {path}" for path in every}


@by_service
def test_every_setting_of_a_service_is_listed(service: str) -> None:
    own = set(SETTINGS[service].model_fields) - set(ServiceSettings.model_fields)
    for name in own:
        assert f"`{name.upper()}`" in section(readme(service), "Settings")


def test_every_setting_of_all_services_is_listed() -> None:
    common = section(ARCHITECTURE.read_text(encoding="utf-8"), "Settings of every service")
    for name in ServiceSettings.model_fields:
        assert f"`{name.upper()}`" in common


@pytest.mark.parametrize(
    ("service", "codes"), [("certificates", RefusalCode), ("documents", DocumentFailure)]
)
def test_every_reason_that_an_event_may_give_is_explained(service: str, codes: Any) -> None:
    for code in codes:
        assert f"`{code.value}`" in section(readme(service), "Refuses")


@pytest.mark.parametrize("service", ["identity", "certificates"])
def test_all_that_is_said_of_a_file_as_a_whole_is_listed_with_its_status(service: str) -> None:
    """What is told by the content is 422, whatever the file calls itself."""
    source = (ROOT / "libs" / "chassis" / "chassis" / "tables.py").read_text(encoding="utf-8")
    row = next(line for line in readme(service).splitlines() if line.startswith("| 422 `not_csv`"))
    assert set(re.findall(r"`(\w+)`", row)) == set(re.findall(r'BadTable\("(\w+)"', source))
    assert "| 415 `not_csv`" in readme(service)


@by_service
def test_what_is_said_to_decide_is_there(service: str) -> None:
    named = re.findall(r"`(\w+)\.(\w+)`", section(readme(service), "Where is decided what"))
    assert named
    for module, name in named:
        assert hasattr(import_module(f"{service}.{module}"), name)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = r"\[([^\]]*)\]\(([^)#\s]*)(#[\w-]*)?\)"
    for label, where, anchor in re.findall(links, document.read_text(encoding="utf-8")):
        if where.startswith("http"):
            continue
        path = (document.parent / where).resolve() if where else document
        assert path.exists(), where
        if named := re.fullmatch(r"ADR (\d+)", label):
            assert path.name.startswith(f"{int(named[1]):04}-")
        if anchor:
            titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor[1:] in {
                re.sub(r"[^\w -]", "", t.lower()).replace(" ", "-") for t in titles
            }
