"""`python -m tools.docs` writes docs/api/ from the code; `--check` says what has drifted.

Nothing is started: the schemas come from the contracts, OpenAPI from each service's router.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

import certificates.api
import documents.api
import identity.api
from chassis import health
from chassis.topics import COMPACTED_WITHIN_DAYS, DAY_MS
from chassis.web import make_app
from contracts import EVENTS, Event, topics
from contracts.envelope import SPEC_VERSION, TOMBSTONE_TYPE
from contracts.topics import TOPICS, Topic
from fastapi import APIRouter

from tools.samples import ROOT, SAMPLES, schema, text

API: Final = ROOT / "docs" / "api"
ROUTERS: Final[dict[str, APIRouter]] = {
    "identity": identity.api.router,
    "certificates": certificates.api.router,
    "documents": documents.api.router,
}
# Which topics carry tombstones, and what outside programs may write; the rest we say ourselves.
WITH_TOMBSTONES: Final = (topics.SGO_USERS, topics.SGO_CHILD_LINKS, topics.IDENTITY_USERS)
WRITTEN_BY_SGO: Final = (
    topics.SGO_USERS,
    topics.SGO_CHILD_LINKS,
    topics.CERTIFICATE_REQUESTS,
    topics.CERTIFICATE_REQUESTS_BULK,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the files are as the code says, 1 when --check finds one that is not."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on drift")
    if not parser.parse_args(arguments).check:
        write(API)
        return 0
    drifted = drift(API)
    for name in drifted:
        print(f"docs/api/{name} is not what the code says")
    if drifted:
        print("Run `make docs` and commit what it writes.")
    return 1 if drifted else 0


def write(folder: Path) -> None:
    """Make the folder hold exactly the generated files."""
    wanted = generated()
    for name in drift(folder):
        path = folder / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()


def drift(folder: Path) -> list[str]:
    """Names of files that differ, are missing, or belong to nothing any more."""
    wanted = generated()
    there = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.json")
    }
    return sorted(name for name in wanted | there if wanted.get(name) != there.get(name))


def generated() -> dict[str, str]:
    """Every file of docs/api by name."""
    made = {f"schemas/{kind}.v1.json": text(schema(model)) for kind, model in EVENTS.items()}
    made["asyncapi.json"] = text(asyncapi())
    for name, router in ROUTERS.items():
        made[f"openapi-{name}.json"] = text(openapi(name, router))
    return made


def openapi(name: str, router: APIRouter) -> dict[str, Any]:
    """OpenAPI of one service, put together as chassis.server.make does."""
    return make_app(name, None, router, health.router).openapi()


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0 of everything on Kafka."""
    messages = {kind: _message(model) for kind, model in EVENTS.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Certificates of additional education: events",
            "version": "1",
            "description": "CloudEvents 1.0 in Kafka's binary mode: the envelope is in headers,"
            " the value is the event's JSON, the key is the aggregate's id. At least once: drop"
            " what you have seen by ce_source and ce_id. Ignore fields you do not know. Within v1"
            " only additive change. The order holds within one key of one topic.",
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {_operation_name(topic): _operation(topic) for topic in TOPICS},
        "components": {"messages": messages | {TOMBSTONE_TYPE: _tombstone()}},
    }


def events_of(topic: Topic) -> list[str]:
    """The types that a topic carries."""
    kinds = [kind for kind, model in EVENTS.items() if model.TOPIC is topic]
    if topic is topics.CERTIFICATE_REQUESTS_BULK:  # a second lane of the same event
        kinds = events_of(topics.CERTIFICATE_REQUESTS)
    return kinds + [TOMBSTONE_TYPE] * (topic in WITH_TOMBSTONES)


def _channel(topic: Topic) -> dict[str, Any]:
    if topic.retention_days is None:
        kept: dict[str, Any] = {
            "cleanup.policy": ["compact"],
            "max.compaction.lag.ms": COMPACTED_WITHIN_DAYS * DAY_MS,
        }
        retention = "compacted: the last record of each key is kept"
    else:
        kept = {"cleanup.policy": ["delete"], "retention.ms": topic.retention_days * DAY_MS}
        retention = f"{topic.retention_days} days"
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}. Kept: {retention}. Readers: {topic.readers}.",
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in events_of(topic)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": kept,
                "bindingVersion": "0.5.0",
            }
        },
        "x-key": topic.key,
        "x-partitions": topic.partitions,
        "x-retention": retention,
        "x-readers": topic.readers,
    }


def _operation_name(topic: Topic) -> str:
    return f"{_action(topic)}.{topic.name}"


def _action(topic: Topic) -> str:
    return "receive" if topic in WRITTEN_BY_SGO else "send"


def _operation(topic: Topic) -> dict[str, Any]:
    return {"action": _action(topic), "channel": {"$ref": f"#/channels/{topic.name}"}}


def _message(model: type[Event]) -> dict[str, Any]:
    example = json.loads((SAMPLES / f"{model.TYPE}.v1.full.json").read_text(encoding="utf-8"))
    said = {"summary": cleandoc(model.__doc__)} if model.__doc__ else {}
    return {
        "name": model.TYPE,
        "title": model.__name__,
        **said,
        "contentType": "application/json",
        "headers": _headers(model.TYPE),
        "payload": {"$ref": f"./schemas/{model.TYPE}.v1.json"},
        "bindings": _key_binding(model.TOPIC.key),
        "examples": [{"name": "full", "headers": example["headers"], "payload": example["value"]}],
    }


def _tombstone() -> dict[str, Any]:
    return {
        "name": TOMBSTONE_TYPE,
        "title": "Tombstone",
        "summary": "A record without a value: what had this key is erased.",
        "headers": {
            "type": "object",
            "description": "As of an event where we say it; optional.",
            "properties": {
                "ce_version": {
                    "type": "string",
                    "pattern": "^[0-9]{1,18}$",
                    "description": "counts on from the version of the state that it erases",
                }
            },
        },
        "payload": {"type": "null"},
        "bindings": _key_binding("the id of what is erased"),
    }


def _key_binding(meaning: str) -> dict[str, Any]:
    key = {"type": "string", "description": meaning}
    return {"kafka": {"key": key, "bindingVersion": "0.5.0"}}


def _headers(kind: str) -> dict[str, Any]:
    plain = {"type": "string"}
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_type", "ce_source"],
        "properties": {
            "ce_specversion": {"const": SPEC_VERSION},
            "ce_id": {"type": "string", "maxLength": 200, "description": "unique within ce_source"},
            "ce_type": {"const": kind},
            "ce_source": plain,
            "ce_time": {"type": "string", "format": "date-time", "description": "when it happened"},
            "ce_subject": {"type": "string", "description": "the record's key"},
            "ce_dataschema": {"const": f"/schemas/{kind}.v1.json"},
            "ce_correlationid": {"type": "string", "description": "one for all that one act began"},
            "ce_causationid": {"type": "string", "description": "ce_id of the causing event"},
            "traceparent": {"type": "string", "description": "W3C Trace Context"},
            "content-type": {"const": "application/json"},
        },
    }


if __name__ == "__main__":
    sys.exit(main())
