"""Text and the room it has, for both pens: the widths are those of our own fonts."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from reportlab.pdfbase import pdfmetrics

from documents.drawing.canvas import register_fonts
from documents.drawing.letters import Unprintable, printable
from documents.drawing.templates import BOLD, MONO, SANS

__all__ = ["BOLD", "FONTS", "MONO", "SANS", "fit", "printed", "width", "wrap"]

_PARTS: Final = re.compile("[^-]*-|[^-]+")  # of a word, each with its hyphen
FONTS = "credentials-1"  # the folder whose fonts all sheets share


def width(text: str, font: str, size: float) -> float:
    """In points."""
    register_fonts(FONTS)
    wide: float = pdfmetrics.stringWidth(text, font, size)
    return wide


@cache
def _letters(font: str) -> frozenset[str]:
    register_fonts(FONTS)
    return frozenset(map(chr, pdfmetrics.getFont(font).face.charToGlyph))


def printed(text: str, font: str) -> str:
    """`text` in the letters of the font; a missing letter loses its marks. Raises Unprintable."""
    return printable(text, _letters(font))


def wrap(text: str, font: str, size: float, room: float) -> list[str]:
    """Rows no wider than `room`; a word that is wider is parted at hyphens, else cut.

    "~" is a space where no row ends.
    """
    rows = [""]
    for word in text.split(" "):
        shown = word.replace("~", "\xa0")
        if rows[-1] and width(f"{rows[-1]} {shown}", font, size) <= room:
            rows[-1] = f"{rows[-1]} {shown}"
            continue
        rows += [shown] if width(shown, font, size) <= room else _cut(shown, font, size, room)
    return rows[1:]


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
