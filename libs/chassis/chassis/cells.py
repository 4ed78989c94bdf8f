"""What a cell says, as people write it. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from contracts.values import Code
from pydantic import TypeAdapter, ValidationError

AnyT = TypeVar("AnyT")
_code = TypeAdapter[str](Code)


class BadRow(Exception):
    """`problems`: column and code of each."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("bad row")
        self.problems = problems


def word(text: str, meanings: Mapping[str, AnyT]) -> AnyT | str:
    """What a word means, however it is spaced and capitalized; an unknown one as it is."""
    plain = " ".join(text.casefold().split()).replace("ё", "е")
    return meanings.get(plain, plain)


def day(text: str) -> date | None:
    """01.02.2016 or 2016-02-01. Raises ValueError for anything else but nothing."""
    if not text:
        return None
    parts = text.split(".")
    if len(parts) == 3:  # noqa: PLR2004
        text = "-".join(part.zfill(2) for part in reversed(parts))
    return date.fromisoformat(text)


def bad_id(cells: Mapping[str, str], column: str) -> list[tuple[str, str]]:
    """The problem of an id that is missing or none, if there is one."""
    try:
        _code.validate_python(cells[column])
    except ValidationError:
        return [(column, "invalid" if cells[column] else "missing")]
    return []
