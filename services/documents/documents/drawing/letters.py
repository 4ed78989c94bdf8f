"""Which letters a page can print, and what is printed instead of those it cannot."""

import unicodedata
from collections.abc import Set as AbstractSet

_UNWRITTEN = frozenset({"Cf", "Mn", "Me"})  # joiners, bidi marks, soft hyphens, lone accents


class Unprintable(Exception):
    """A text has a letter that no font of the template can print, not even without its marks."""


def printable(text: str, letters: AbstractSet[str]) -> str:
    """`text` in `letters`: composed; a letter that is missing loses its marks (ḫ becomes h).

    Raises Unprintable, naming the code point and never the text.
    """
    return " ".join("".join(_print(c, letters) for c in unicodedata.normalize("NFC", text)).split())


def _print(letter: str, letters: AbstractSet[str]) -> str:
    if letter in letters or letter.isspace():
        return letter
    plain = "".join(
        c
        for c in unicodedata.normalize("NFKD", letter)
        if unicodedata.category(c) not in _UNWRITTEN
    )
    if set(plain) <= letters:
        return plain
    raise Unprintable(f"no font of the template has U+{ord(letter):04X}")
