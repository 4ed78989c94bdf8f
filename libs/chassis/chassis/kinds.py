"""A kind of table that people upload: its columns, what names a row, what is said of errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chassis import table_errors

Cells: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in which row and column; never the value."""

    place: int
    field: str | None
    code: str


@dataclass(frozen=True, slots=True)
class Table:
    """`columns`: what each may be called in the file, the first name is shown to people.

    `allowed`: what a cell of a column may say, told where it is `invalid`.

    `by`: as whom people upload it, for the journal.

    `keys` gives two texts of a row that no other row of the file may have. The first names the
    row: a second one is an error. Of several with the second text ('': any may) the first good one
    is done. `key` and `also` are column and code of the error for each.
    """

    kind: str
    by: str
    columns: Mapping[str, Sequence[str]]
    required: Sequence[str]
    messages: Mapping[str, str]
    allowed: Mapping[str, str]
    keys: Callable[[Cells], tuple[str, str]]
    key: tuple[str, str]
    also: tuple[str, str]

    def message(self, field: str | None, code: str) -> str:
        """What is wrong, for people, with the column's name in front."""
        text = self.messages.get(code) or table_errors.MESSAGES[code]
        if field is None or field not in self.columns:
            return text
        told = f"{self.columns[field][0]}: {text[0].lower()}{text[1:]}"
        return f"{told}. Подходит: {self.allowed[field]}" if code == "invalid" else told
