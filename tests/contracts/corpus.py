"""The golden corpus and the published schemas, as files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contracts import Event, Received, Tombstone, decode

HERE = Path(__file__).parent
SAMPLES = sorted((HERE / "samples").glob("*.json"))
PUBLISHED = sorted((HERE / "published").glob("*.json"))
WRITTEN_AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
WRITTEN_AT_MS = int(WRITTEN_AT.timestamp()) * 1000


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def event_type(path: Path) -> str:
    """`child.linked.v1.full.json` is about `child.linked`."""
    return path.name.partition(".v1.")[0]


def read(sample: dict[str, Any]) -> Received[Event | Tombstone]:
    """The sample as a consumer gets it."""
    return decode(
        key=sample["key"].encode(),
        value=json.dumps(sample["value"], ensure_ascii=False).encode(),
        headers=[(name, text.encode()) for name, text in sample["headers"].items()],
        place="topic:0:1",
        written_at_ms=WRITTEN_AT_MS,
    )
