"""Reading the tables that people upload: CSV as Excel and others write it, row by row.

Bytes are fed as they come and rows come out: memory stays flat however long the file is. Nothing
here knows what the columns mean. UTF-8 with or without BOM, or Windows-1251; `;` or `,`.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from chassis.table_errors import BadTable

ROW_BYTES_MAX: Final = 64_000
ROW_LINES_MAX: Final = 20  # a quote that nobody closed swallows no more than this
CELL_LENGTH_MAX: Final = 1000
BOM: Final = b"\xef\xbb\xbf"
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Row:
    """`number` as a spreadsheet shows it (the header is 1). With an `error` there are no cells.

    `columns` are those that have the error; None: the row as a whole.
    """

    number: int
    cells: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    columns: Sequence[str | None] = (None,)


class Reader:
    """`columns`: what each may be called in the file, besides its own name. Raises BadTable."""

    def __init__(
        self, columns: Mapping[str, Sequence[str]], required: Sequence[str], rows_max: int
    ) -> None:
        self._names = {_plain(n): column for column in columns for n in (column, *columns[column])}
        self._required = required
        self._rows_max = rows_max
        self._rest = b""
        self._open: list[bytes] = []  # lines of a row whose quote is not closed yet
        self._number = 0
        self._header: list[str] = []
        self._delimiter = ""
        self._encoding = ""
        self.count = 0

    def feed(self, chunk: bytes) -> list[Row]:
        """The rows that are whole now."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > ROW_BYTES_MAX:
            raise BadTable("row_too_long")
        return [row for line in lines for row in self._line(line)]

    def end(self) -> list[Row]:
        """The rest, once all bytes are fed."""
        rows = list(self._line(self._rest)) if self._rest else []
        while self._open:
            rows += self._give_up()
        if not self.count:
            raise BadTable("empty")
        return rows

    def _line(self, line: bytes) -> Iterator[Row]:
        self._open.append(line)
        if sum(part.count(b'"') for part in self._open) % 2 == 0:
            raw, self._open = b"\n".join(self._open).removesuffix(b"\r"), []
            yield from self._row(raw)
        elif len(self._open) > ROW_LINES_MAX:
            yield from self._give_up()

    def _give_up(self) -> list[Row]:
        """The first open line is bad; the lines after it are read anew."""
        (_, *rest), self._open = self._open, []
        rows = self._row(b"", "unclosed_quote")
        return rows + [row for line in rest for row in self._line(line)]

    def _row(self, raw: bytes, error: str | None = None) -> list[Row]:
        self._number += 1
        if not error and not raw.strip(b" \t\r;,"):
            return []
        if not self._header:
            self._read_header(raw, error)
            return []
        self.count += 1
        if self.count > self._rows_max:
            raise BadTable("too_many_rows")
        cells, error = ([], error) if error else self._cells(raw)
        if error is None and any(cell.strip() for cell in cells[len(self._header) :]):
            error = "too_many_cells"
        if error:
            return [Row(self._number, error=error)]
        cells += [""] * (len(self._header) - len(cells))  # Excel leaves out empty last cells
        known = dict(zip(self._header, (cell.strip() for cell in cells), strict=False))
        if long := [column for column, cell in known.items() if len(cell) > CELL_LENGTH_MAX]:
            return [Row(self._number, error="cell_too_long", columns=long)]
        return [Row(self._number, known)]

    def _cells(self, raw: bytes) -> tuple[list[str], str | None]:
        try:
            text = self._text(raw)
        except UnicodeDecodeError:
            return [], "bad_encoding"
        if len(raw) > ROW_BYTES_MAX:
            return [], "row_too_long"
        try:
            cells = next(csv.reader([text], delimiter=self._delimiter, strict=True), [])
        except csv.Error as error:
            return [], "bad_quote" if "expected after" in str(error) else "bad_character"
        return (cells, None) if not _CONTROLS.search(text) else ([], "bad_character")

    def _text(self, raw: bytes) -> str:
        """The first letter that is not ASCII tells the encoding of the whole file."""
        if not self._encoding and not raw.isascii():
            try:
                raw.decode()
                self._encoding = "utf-8"
            except UnicodeDecodeError:
                self._encoding = "cp1251"
        return raw.decode(self._encoding or "ascii")

    def _read_header(self, raw: bytes, error: str | None) -> None:
        if raw.startswith(BOM):
            raw, self._encoding = raw.removeprefix(BOM), "utf-8"
        self._delimiter = ";" if raw.count(b";") > raw.count(b",") else ","
        cells, failed = self._cells(raw)
        if error or failed or raw.startswith((b"\xff\xfe", b"\xfe\xff", b"PK")):
            raise BadTable("not_csv")
        while cells and not cells[-1].strip():
            cells.pop()
        if unknown := [cell for cell in cells if _plain(cell) not in self._names]:
            raise BadTable("unknown_columns", [cell[:50] for cell in unknown[:20]])
        self._header = [self._names[_plain(cell)] for cell in cells]
        if len(set(self._header)) < len(self._header):
            twice = sorted({one for one in self._header if self._header.count(one) > 1})
            raise BadTable("repeated_columns", twice)
        if missing := [column for column in self._required if column not in self._header]:
            raise BadTable("missing_columns", missing)


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("ё", "е").split())
