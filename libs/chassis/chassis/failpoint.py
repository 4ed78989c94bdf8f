"""Kills this very process with SIGKILL at a named boundary: crashes are enumerated, not hoped for.

Armed by `FAILPOINT=name` or `FAILPOINT=name:N` (at the Nth passing) in the environment at the
start, and by nothing else. Unarmed, a boundary costs one look at an empty dictionary.
"""

import os
import signal
from typing import Final

COMMITS: Final = (
    "consumer", "parking", "door", "import", "calendar", "retry", "seal", "retention",
)  # fmt: skip
NAMES: Final = (
    *(f"{where}-{moment}" for where in COMMITS for moment in ("before-commit", "after-commit")),
    *("consumer-before-ack", "consumer-after-ack"),
    *("relay-before-send", "relay-amid-sends", "relay-after-send", "relay-after-delete"),
)
_left: dict[str, int] = {}


def parse(text: str) -> tuple[str, int]:
    """The name and at which passing. Raises ValueError with the names that there are."""
    name, _, times = text.partition(":")
    if name not in NAMES or not (times or "1").isdecimal() or int(times or 1) < 1:
        raise ValueError(f"must be one of these, perhaps with :N after it: {', '.join(NAMES)}")
    return name, int(times or 1)


def arm(text: str | None) -> None:
    """From now on this process dies there. Raises ValueError."""
    if text:
        name, times = parse(text)
        _left[name] = times


def passing(where: str, moment: str) -> None:
    """The boundary itself; returns unless it is armed and this is the passing that was meant."""
    if _left and (name := f"{where}-{moment}") in _left:
        _left[name] -= 1
        if _left[name] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
