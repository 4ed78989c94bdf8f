"""A stack's settings, without the environment."""

from pathlib import Path
from typing import Any

from tools.stack.ports import free_port
from tools.stack.settings import DEFAULT_PORTS, StackSettings


def a_stack(folder: Path, **changes: Any) -> StackSettings:
    """Data and jars under `folder`, free ports, and a Maven repository that does not answer."""
    (folder / "jars").mkdir(parents=True, exist_ok=True)
    known: dict[str, Any] = {
        "local": folder / "local",
        "ports": {name: free_port() for name in DEFAULT_PORTS},
        "kafka": None,
        "kafka_fast_start": True,
        "jars": folder / "jars",
        "maven_mirror": f"http://127.0.0.1:{free_port()}",
        "ci": False,
        "once": True,
        "environment": {},
    }
    return StackSettings(**(known | changes))
