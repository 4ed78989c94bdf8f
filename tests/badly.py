"""Every route of a service, asked in ways that nobody can answer: each is told so, in words.

The routes come from the OpenAPI document, so that a new one is asked as well.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from chassis import field_errors
from fastapi import APIRouter
from httpx import AsyncClient, Response

from tools.docs import openapi

NOBODY = "00000000-0000-4000-8000-000000000000"
LONG = "x" * 5000
PATHS = ("no-id", "%00", "12%00", LONG, "%FF")
QUERIES = (
    *PATHS, "-1", "1.5", str(2**63), "9" * 5000, "9999-12-31", "2016-13-45", "01.05.2016", "",
)  # fmt: skip
VALUES = (
    "a\x00b", LONG, "", "\ud800", 2**63, -1, 1.5, math.inf, "9999-12-31", "0001-01-01",
    "2016-13-45", [], [1], [{}], ["x"] * 200, {}, None, True,
)  # fmt: skip
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BODIES = (
    (b'{"a": ', JSON), (b"[1, 2]", JSON), (b"", JSON), (b"\xff\xfe\x00", JSON),
    (b"[" * 50_000, JSON), (b"a=1", "text/plain"), (b"%00=%FF", FORM),
)  # fmt: skip
RUSSIAN = re.compile("[а-яё]", re.IGNORECASE)

Question = tuple[str, str, dict[str, Any]]


async def complaints(
    client: AsyncClient, router: APIRouter, *who: Mapping[str, str], **known: object
) -> list[str]:
    """A line for each answer that is an accident, or an error without a Russian sentence.

    So is an error of a field that is told no more of than the general sentence.
    Everything is asked as each of `who`; `known` are ids that stand in paths.
    """
    found = []
    for headers in who:
        for method, path, more in _questions(openapi("test", router)):
            url = re.sub(r"\{(\w+)\}", lambda part: str(known.get(part[1], NOBODY)), path)
            given = {**headers, **more.get("headers", {})}
            answer = await client.request(method, url, **(more | {"headers": given}))
            if why := _wrong(answer):
                found.append(f"{method} {url[:80]} {str(more)[:80]}: {why}")
    return found


def good(method: str, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """What a route takes besides its path, as it might be right."""
    route = document["paths"][path][method.lower()]
    content = route.get("requestBody", {}).get("content", {})
    return {"json": _fields(content[JSON]["schema"], document)} if JSON in content else {}


def _wrong(answer: Response) -> str:
    if answer.status_code >= 500:
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.status_code < 400:
        return ""
    if answer.headers["content-type"] != "application/problem+json":
        return f"{answer.status_code} is no problem+json: {answer.text[:80]}"
    body = answer.json()
    sentence = body.get("detail", "")
    if not RUSSIAN.search(sentence):
        return f"{answer.status_code} says {sentence!r}"
    for error in body.get("errors", []):
        if not RUSSIAN.search(error["message"]) or error["message"] == field_errors.GENERAL:
            return f"{answer.status_code} says {error}"
    return ""


def _questions(document: Mapping[str, Any]) -> Iterator[Question]:
    for path, methods in document["paths"].items():
        if path.endswith("/events") or path.startswith("/health"):  # endless; asks for nothing
            continue
        yield "TRACE", path, {}
        for method, route in methods.items():
            yield from _of(method.upper(), path, route, document)


def _of(
    method: str, path: str, route: Mapping[str, Any], document: Mapping[str, Any]
) -> Iterator[Question]:
    asked = [(one["in"], one["name"]) for one in route.get("parameters", [])]
    content = route.get("requestBody", {}).get("content", {})
    fields = {kind: _fields(told["schema"], document) for kind, told in content.items()}
    good = {"json": fields[JSON]} if JSON in fields else {}
    for bad in PATHS if "{" in path else ():
        yield method, re.sub(r"\{\w+\}", bad, path), good
    for name in [name for where, name in asked if where == "query"] + ["unknown"]:
        yield from ((method, f"{path}?{name}={bad}", good) for bad in QUERIES)
    if ("header", "idempotency-key") in asked:
        yield method, path, good | {"headers": {"Idempotency-Key": LONG}}
    for body, kind in BODIES if content else ():
        yield method, path, {"content": body, "headers": {"Content-Type": kind}}
    for kind, whole in fields.items():
        yield method, path, _body(kind, whole | {"unknown": 1})
        for name in whole:
            for value in VALUES:
                yield method, path, _body(kind, whole | {name: value})


def _body(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    if kind == JSON:
        text = json.dumps(fields)
    else:
        text = "&".join(f"{k}={quote(str(v), errors='replace')}" for k, v in fields.items())
    return {"content": text.encode(), "headers": {"Content-Type": kind}}


def _fields(schema: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """A body that might be right."""
    return {
        name: _plain(_there(one, document))
        for name, one in _there(schema, document).get("properties", {}).items()
    }


def _there(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _plain(schema: Mapping[str, Any]) -> Any:
    if "anyOf" in schema:
        return _plain(schema["anyOf"][0])
    by_format = {"uuid": NOBODY, "date": "2016-05-01"}
    by_type = {"integer": 1, "boolean": True, "array": [], "object": {}}
    known = by_format.get(schema.get("format", "")) or by_type.get(schema.get("type", ""), "x")
    return schema.get("enum", [known])[0]
