"""Text in rows, for as long as a document of any version is drawn: nothing here may change."""

from collections.abc import Iterator
from typing import Any

from documents.credentials_page.layout import FIELDS, WRAPPED_NAME, width
from documents.drawing.letters import Unprintable


def fit(canvas: Any, field: str, text: str) -> tuple[float, list[str]]:
    font = FIELDS[field].font
    for size in FIELDS[field].sizes:
        if canvas.stringWidth(text, font, 1000) * size <= width(field) * 1000:
            return size, [text]
    for size, count in WRAPPED_NAME if field == "full_name" else ():
        rows = wrap(canvas, text, font, size, width(field))
        if len(rows) <= count:
            return size, rows
    raise Unprintable(f"{field} is longer than the page has room for")


def wrap(canvas: Any, text: str, font: str, size: float, width_max: float) -> list[str]:
    """`text` in rows no wider than `width_max`; a word that is wider than a row is cut."""
    rows = [""]
    for word in text.split(" "):
        if rows[-1] and canvas.stringWidth(f"{rows[-1]} {word}", font, size) <= width_max:
            rows[-1] = f"{rows[-1]} {word}"
            continue
        rows.append("")
        for letter in word:
            if canvas.stringWidth(rows[-1] + letter, font, size) > width_max:
                rows.append("")
            rows[-1] += letter
    return rows[1:]


def as_read(rows: list[str], text: str) -> Iterator[str]:
    """The rows, each with the space that parts it from the next: read aloud, two words stay two."""
    at = 0
    for row in rows:
        at += len(row)
        space = text[at : at + 1] == " "
        yield f"{row} " if space else row
        at += space
