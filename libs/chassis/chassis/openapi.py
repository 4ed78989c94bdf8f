"""What a service's OpenAPI says of errors and tokens: once for all routes, by what a route takes.

A route adds by `answers` only what it refuses for reasons of its own.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

TOKEN: Final = "token"  # noqa: S105  the name of the security scheme
PAGE: Final = "text/html"
_METHODS: Final = {"get", "put", "post", "delete", "patch"}
_PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "RFC 9457; `code` is stable, `title` and `detail` are for people, in Russian.",
    "type": "object",
    "required": ["type", "status", "code", "title"],
    "properties": {
        "type": {"const": "about:blank"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z0-9_]+$"},
        "title": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["place", "problem", "message"],
                "properties": {
                    name: {"type": "string"} for name in ("place", "problem", "message")
                },
            },
        },
    },
}
_MEANS: Final = {
    400: ("BadRequest", "The body cannot be read, or asks for what is not given"),
    401: ("Unauthorized", "No token, or none that is valid"),
    403: ("Forbidden", "Not so: a one-time password must be changed first"),
    404: ("NotFound", "Not there, or not yours"),
    409: ("Conflict", "Not in this state; `code` says why"),
    410: ("Gone", "It is over"),
    413: ("TooLarge", "The body is too large"),
    415: ("WrongType", "Not the type of content that is taken here"),
    422: ("Invalid", "A field, a parameter or a file is wrong"),
    429: ("TooOften", "Too often; `Retry-After` says when again"),
    500: ("Defect", "A defect of ours; `detail` has its number"),
    503: ("Unavailable", "For a while not available: nothing was done, try again"),
}
_WITH_RETRY: Final = {429, 503}
_OF_FASTAPI: Final = ("HTTPValidationError", "ValidationError")


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses` of a route: its problems besides those that follow from its shape."""
    return {status: {} for status in statuses}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document FastAPI makes, with the problems of each route."""
    for operation in _operations(document):
        said = operation["responses"]
        if _is_of_fastapi(said.get("422", {})):
            del said["422"]
        for status in _by_shape(operation) | {int(one) for one in said if int(one) >= 400}:  # noqa: PLR2004
            own = said.get(str(status), {}).get("content", {})
            if not own:
                said[str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}
            elif PAGE in own:  # a problem as well, for who does not ask for a page
                known = _response(status)
                said[str(status)] = known | {"content": known["content"] | own}
        operation["responses"] = dict(sorted(said.items()))
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _OF_FASTAPI:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    components["responses"] = {_name(status): _response(status) for status in _MEANS}
    return document


def _is_of_fastapi(response: Mapping[str, Any]) -> bool:
    """Its own words about a wrong field, which nobody here ever answers with."""
    return _OF_FASTAPI[0] in str(response.get("content"))


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from (said for method, said in methods.items() if method in _METHODS)


def _by_shape(operation: Mapping[str, Any]) -> set[int]:
    """A token may be refused, a parameter or body may be wrong, a body may be too large."""
    parameters = operation.get("parameters", [])
    found = {500, 503}
    if "security" in operation:
        found |= {401, 403, 404}
    if any(one["in"] == "path" for one in parameters):
        found |= {404}
    if parameters or "requestBody" in operation:
        found |= {422}
    if "requestBody" in operation:
        found |= {400, 413}
    return found


def _name(status: int) -> str:
    return _MEANS[status][0]


def _response(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    known: dict[str, Any] = {
        "description": _MEANS[status][1],
        "content": {"application/problem+json": {"schema": schema}},
    }
    if status == HTTPStatus.UNAUTHORIZED:
        known["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
    if status in _WITH_RETRY:
        seconds = {"description": "seconds", "schema": {"type": "integer", "minimum": 1}}
        known["headers"] = {"Retry-After": seconds}
    return known
