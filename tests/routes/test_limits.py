"""Everything that can be sent has a limit, and the OpenAPI documents tell it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tools.docs import ROUTERS, openapi

BOUNDED = {"uuid", "date", "binary"}  # a file is read as a stream, up to the limit of its route


def unlimited(schema: Mapping[str, Any], document: Mapping[str, Any], place: str) -> Iterator[str]:
    """Places in a schema that take any length."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from unlimited(document["components"]["schemas"][name], document, place)
    for one in schema.get("anyOf", []):
        yield from unlimited(one, document, place)
    for name, one in schema.get("properties", {}).items():
        yield from unlimited(one, document, f"{place}.{name}")
    kind = schema.get("type")
    if kind == "array":
        yield from unlimited(schema["items"], document, f"{place}[]")
        yield from [] if "maxItems" in schema else [f"{place}: an array of any length"]
    if kind == "string" and not _is_bounded(schema):
        yield f"{place}: a text of any length"
    if kind in {"integer", "number"} and not {"minimum", "maximum"} <= set(schema):
        yield f"{place}: a number of any size"
    if kind == "object" and schema.get("additionalProperties"):
        yield f"{place}: any number of fields"


def _is_bounded(schema: Mapping[str, Any]) -> bool:
    return bool({"maxLength", "enum", "const"} & set(schema)) or (
        schema.get("format") in BOUNDED or schema.get("pattern", "").endswith("}$")
    )


@pytest.mark.parametrize("service", ROUTERS)
def test_every_field_that_can_be_sent_has_a_limit(service):
    document = openapi(service, ROUTERS[service])
    found, seen = [], 0
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            asked = {f"{one['in']} {one['name']}": one for one in route.get("parameters", [])}
            asked |= route.get("requestBody", {}).get("content", {})
            for place, told in asked.items():
                where = f"{method.upper()} {path} {place}"
                found += unlimited(told["schema"], document, where)
                seen += 1
    assert seen
    assert found == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"}, {"type": "string", "pattern": "^x+$"}, {"type": "integer"},
        {"type": "array", "items": {"enum": ["x"], "type": "string"}},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        {"type": "object", "properties": {"x": {"type": "string"}}},
        {"type": "object", "additionalProperties": {"type": "integer"}},
    ],
    ids=str,
)  # fmt: skip
def test_a_field_without_a_limit_would_be_seen(schema):
    assert list(unlimited(schema, {}, "here"))
