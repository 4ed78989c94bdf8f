"""docs/rules.md names a test for each rule and route; here it is held to the code."""

import ast
import re
from functools import cache

import pytest
from certificates.reasons import FORBIDDEN
from contracts import topics
from contracts.values import RefusalCode

from tools.docs import ROUTERS, events_of, openapi
from tools.samples import ROOT

RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(\w+/\w+\.py)::(test_\w+)`", RULES)))


def section(title: str) -> str:
    return RULES.partition(f"## {title}\n")[2].partition("\n## ")[0]


def firsts(text: str) -> set[str]:
    """What stands in the first column as code."""
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, functions))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_every_test_that_is_named_exists(file: str, name: str) -> None:
    assert name in functions_of(file)


def test_every_row_names_a_test() -> None:
    rows = [line for line in RULES.splitlines() if line.startswith("| ")]
    told = [row for row in rows if not re.search(r"\| Test \|$|^\| --- ", row)]
    assert told
    assert [row for row in told if "::test_" not in row] == []


def test_every_mention_of_a_test_is_written_so_that_it_is_checked() -> None:
    assert RULES.count("::test_") == len(re.findall(r"`\w+/\w+\.py::test_\w+`", RULES))


@pytest.mark.parametrize("service", ROUTERS)
def test_every_route_has_its_row_and_no_other(service: str) -> None:
    paths = openapi(service, ROUTERS[service])["paths"]
    routes = {f"{method.upper()} {path}" for path, known in paths.items() for method in known}
    rows = firsts(section(f"Routes of {service}"))
    every = firsts(section("Routes of every service"))
    assert rows | every == routes
    assert not rows & every


def test_every_refusal_event_and_forbidden_change_has_its_row() -> None:
    assert firsts(section("Why the button is not there")) == {code.value for code in RefusalCode}
    assert firsts(section("Life cycle")) == {*events_of(topics.CERTIFICATES), *FORBIDDEN}
