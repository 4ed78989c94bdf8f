"""A command of a service, with that service's settings, on the local stack.

    python -m tools.stack.exec certificates chassis.commands quarantine list

runs `python -m chassis.commands quarantine list` as `docker compose exec certificates` would.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from tools.stack import running, services, settings
from tools.stack.problem import Problem, told
from tools.stack.settings import ROOT, SERVICES, StackSettings

USAGE = f"Usage: python -m tools.stack.exec {'|'.join(SERVICES)} MODULE [ARGUMENT …]"


def main() -> int:
    """Become the command; what it prints and its exit code are its own."""
    service, *command = sys.argv[1:] or [""]
    if service not in SERVICES or not command:
        raise Problem(f"{USAGE}\nFor example: python -m tools.stack.exec certificates"
                      " chassis.commands quarantine list")  # fmt: skip
    told_ = environment(settings.load(), service)
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, "-m", *command], told_)  # noqa: S606  ours


def environment(configured: StackSettings, service: str) -> dict[str, str]:
    """The settings of the stack that runs, whatever ports it has; secrets stay in their files."""
    if running.SUPERVISOR not in running.alive(configured.local):
        raise Problem("Nothing is running here. Start it first: make up")
    known = _known(configured.local / "demo.json")
    given = services.environment(configured, service, known["kafka"])
    return {
        **given,
        "DATABASE_URL": re.sub(r":[^:@/]+@", "@", known["databases"][service]),
        "IDENTITY_URL": known["urls"]["identity"],
    }


def _known(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        raise Problem("The stack is still starting: try again when it says Ready.") from None


if __name__ == "__main__":
    sys.exit(told(main))
