"""Foreign records that somebody has looked at: a file of those that are no gap any more.

One a line: `topic:partition:offset#mark` as the gap says it, the day, who, and why: at least three
words. The mark is of the record's bytes: another one at the same place, on a topic that was made
anew, is a gap. Blank lines and those that begin with # are passed over. Nothing else can be known:
what is lost stays a gap.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools.stack.problem import Problem

_LINE: Final = re.compile(
    r"(\S+:\d+:\d+#[0-9a-f]{12})\s+(\d{4}-\d{2}-\d{2}\s+\S+\s+(?:\S+\s+){2,}\S+)"
)


def read(file: Path | None) -> Mapping[str, str]:
    """Who has looked at which record, when and why. Raises Problem."""
    if file is None:
        return {}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise Problem(f"{file} cannot be read: name a text file of known records.") from None
    known = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        told = _LINE.fullmatch(line.strip())
        if told is None:
            raise Problem(
                f"{file}, line {number}: it must be topic:partition:offset#mark, a day like"
                " 2026-11-24, who has looked, and why (three words or more)."
            )
        known[told[1]] = told[2]
    return known
