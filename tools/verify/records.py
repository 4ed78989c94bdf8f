"""What a record says of whom, read on purpose without the models that the services read it with."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from contracts import topics
from contracts.ids import user_id
from pydantic_core import from_json

OURS = {"/identity", "/certificates", "/documents"}
HEADERS = {"ce_id", "ce_type", "ce_version"}
CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Headers = Iterable[tuple[str, bytes]]


class Said(NamedTuple):
    """`about` is the aggregate's id, None for a record that cannot be read.

    `digest` tells other content under the same id, within this process.
    """

    kind: str
    id: str
    about: str | None
    version: int
    number: str | None
    digest: int


def said(topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> Said:
    """What stands in a record of `topic` (its name in the contracts)."""
    texts = {name: raw.decode(errors="replace") for name, raw in headers if name in HEADERS}
    try:
        fields = {"version": int(texts.get("ce_version", 0))} if value is None else from_json(value)
        about, version = _about(topic, key or b"", texts.get("ce_type"), fields)
        number = fields.get("number")
    except (ValueError, KeyError, TypeError, AttributeError):
        about, version, number = None, 0, None
    return Said(
        "tombstone" if value is None else texts.get("ce_type", "?"),
        texts.get("ce_id", "?"),
        about,
        version,
        number if isinstance(number, str) else None,
        hash((key, value)),
    )


def is_foreign(what: Said, headers: Headers) -> bool:
    """No service of ours has said it: it cannot be read, or comes from elsewhere."""
    source = next(
        (raw.decode(errors="replace") for name, raw in headers if name == "ce_source"), ""
    )
    return what.about is None or source not in OURS


def _about(topic: str, key: bytes, kind: str | None, fields: dict[str, Any]) -> tuple[str, int]:
    """The aggregate and its version; a refusal is about its request, and version 0 of it."""
    match topic:
        case topics.CERTIFICATE_REQUESTS.name | topics.CERTIFICATE_REQUESTS_BULK.name:
            return _id(fields["request_id"]), 1
        case topics.CERTIFICATES.name if kind == "certificate.refused":
            return _id(fields["request_id"]), 0
        case topics.CERTIFICATES.name | topics.DOCUMENTS.name:
            return _id(fields["certificate_id"]), _count(fields["version"])
        case topics.SGO_USERS.name:
            return str(user_id(key.decode())), _count(fields["version"])
        case topics.SGO_CHILD_LINKS.name:
            parent, child = key.decode().split(":")
            return f"{user_id(parent)}:{user_id(child)}", _count(fields["version"])
        case _:
            about = ":".join(map(_id, key.decode().split(":")))
            by = f":{fields['service']}" if topic == topics.ERASURES.name else ""
            return about + by, _count(fields["version"])


def _id(text: str) -> str:
    return text if CANONICAL.fullmatch(text) else str(UUID(text))


def _count(version: object) -> int:
    if not isinstance(version, int):
        raise TypeError
    return version
