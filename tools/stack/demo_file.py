"""`.local/demo.json`: where everything is and who can sign in, for people and for programs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tools.stack.secret_files import write_private

NAME: Final = "demo.json"


def write(
    local: Path,
    *,
    urls: Mapping[str, str],
    kafka: str,
    databases: Mapping[str, str],
    users: Sequence[Mapping[str, str]],
) -> Path:
    """Replace the file in one step. It holds passwords: only its owner can read it."""
    path = local / NAME
    found = {"urls": urls, "kafka": kafka, "databases": databases, "users": users}
    write_private(path, json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    return path


def read(local: Path) -> dict[str, Any]:
    """What was written; nothing where there is no file, or not a whole one."""
    try:
        found = json.loads((local / NAME).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def user(demo: Mapping[str, Any], role: str, note: str) -> Mapping[str, str]:
    """The user of that role and note. Raises StopIteration where there is none."""
    found: Mapping[str, str] = next(
        one for one in demo["users"] if (one["role"], one["note"]) == (role, note)
    )
    return found
