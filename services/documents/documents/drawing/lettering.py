"""Text and the room it has, for both pens: the widths are those of our own fonts."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from reportlab.pdfbase import pdfmetrics

from documents.drawing.canvas import register_fonts
from documents.drawing.letters import Unprintable, printable
from documents.drawing.templates import BOLD, MONO, SANS

__all__ = ["BOLD", "MONO", "SANS", "fit", "printed", "width", "wrap"]

_SHORT: Final = 2
_PARTS: Final = re.compile("[^-]*-|[^-]+")  # of a word, each with its hyphen


def width(text: str, font: str, size: float) -> float:
    """In points."""
    register_fonts()
    wide: float = pdfmetrics.stringWidth(text, font, size)
    return wide


@cache
def _letters(font: str) -> frozenset[str]:
    register_fonts()
    return frozenset(map(chr, pdfmetrics.getFont(font).face.charToGlyph))


def printed(text: str, font: str) -> str:
    """`text` in the letters of the font; a missing letter loses its marks. Raises Unprintable."""
    return printable(text, _letters(font))


def wrap(text: str, font: str, size: float, room: float) -> list[str]:
    """Rows no wider than `room`; a word that is wider is parted at hyphens, else cut.

    "~" is a space where no row ends. A row keeps the space after it: read aloud, words stay apart.
    """
    rows = [""]
    for word in text.split(" "):
        shown = word.replace("~", "\xa0")
        if rows[-1] and width(f"{rows[-1]} {shown}", font, size) <= room:
            rows[-1] = f"{rows[-1]} {shown}"
            continue
        before, _, last = rows[-1].rpartition(" ")
        if before and _clings(last, shown) and width(f"{last} {shown}", font, size) <= room:
            rows[-1], shown = before, f"{last} {shown}"
        rows[-1] += " "
        rows += [shown] if width(shown, font, size) <= room else _cut(shown, font, size, room)
    return rows[1:]


def _clings(last: str, following: str) -> bool:
    """Whether no row should end between the two: after «в» or «30», and before the 9 of «дом 9»."""
    return len(last) <= _SHORT or (len(following) <= _SHORT and following[:1].isdigit())


def _cut(word: str, font: str, size: float, room: float) -> list[str]:
    rows = [""]
    for part in _PARTS.findall(word):
        for piece in [part] if width(part, font, size) <= room else part:
            if rows[-1] and width(rows[-1] + piece, font, size) > room:
                rows.append("")
            rows[-1] += piece
    return rows


def _is_whole(text: str, font: str, size: float, room: float) -> bool:
    """Whether no word has to be cut."""
    parts = (part for word in text.split(" ") for part in _PARTS.findall(word))
    return all(width(part.replace("~", "\xa0"), font, size) <= room for part in parts)


def fit(
    text: str, font: str, room: float, choices: Sequence[tuple[float, int]]
) -> tuple[float, list[str]]:
    """Size and rows: the first of `choices` (size, most rows) that has room. Raises Unprintable.

    One where no word is cut is better than a larger one.
    """
    whole = [choice for choice in choices if _is_whole(text, font, choice[0], room)]
    for size, rows_max in (*whole, *choices):
        rows = wrap(text, font, size, room)
        if len(rows) <= rows_max:
            return size, rows
    raise Unprintable("a text is longer than the page has room for")
