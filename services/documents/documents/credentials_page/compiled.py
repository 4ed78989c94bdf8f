"""The compiled path: constant bytes with slots, made once by `compile_templates`.

A slot holds a text in the codes of one 8-bit font subset. A letter without a code has no way in.
"""

import codecs
import hashlib
import itertools
import json
from binascii import hexlify, unhexlify
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple

from documents.credentials_page.lines import Lines
from documents.credentials_page.values import BadDocument
from documents.drawing import templates
from documents.drawing.pdf_file import END_OF_CONTENT, Around

SHARED = frozenset({"validity", "issued", "portal_url"})
_BEFORE_CONTENT = b" >>\nstream\n"


class Slot(NamedTuple):
    codes: Any  # what codecs.charmap_encode takes: the letters of one font subset
    widths: tuple[int, ...]  # of each code, in thousandths of the font's size
    widest: int
    sizes: tuple[tuple[bytes, float], ...]  # size and leading in the page's words; room at it

    def fill(self, text: str) -> bytes | None:
        """The slot's bytes; None if a letter has no code or the text is too wide."""
        try:
            shown, _ = codecs.charmap_encode(text, "strict", self.codes)
        except UnicodeEncodeError:
            return None
        wide = len(shown) * self.widest
        if wide > self.sizes[0][1]:  # it may be too wide: add up
            wide = sum(map(self.widths.__getitem__, shown))
        for size, room in self.sizes:
            if wide <= room:
                return b"%b <%b>" % (size, hexlify(shown))
        return None


class Template(NamedTuple):
    around: Around
    pieces: tuple[bytes, ...]
    slots: tuple[Callable[[str], bytes | None], ...]  # between the pieces, in the order of Lines
    letters: tuple[frozenset[str], ...]  # of each field: all that its font has
    hash_of_head: Any

    def fill(self, lines: Lines) -> bytes | None:
        """The page's content; None if a text belongs on the general path."""
        filled = []
        for fill, text in zip(self.slots, lines, strict=True):
            shown = fill(text)
            if shown is None:
                return None
            filled.append(shown)
        pairs = zip(self.pieces, (*filled, b""), strict=True)
        return b"".join(itertools.chain.from_iterable(pairs))

    def digest(self, pdf: bytes) -> bytes:
        """SHA-256, with the part that is the same in every document taken only once."""
        taken = self.hash_of_head.copy()
        taken.update(memoryview(pdf)[len(self.around.head) :])
        return bytes(taken.digest())

    def shown(self, pdf: bytes) -> list[bytes]:
        """What stands in each slot, as font codes. Raises BadDocument unless all else is right."""
        head, tail = self.around
        at = len(head)
        length, _, _ = pdf[at : at + 12].partition(b" ")
        at += len(length) + len(_BEFORE_CONTENT)
        end = at + int(length)
        texts = []
        for piece in self.pieces[:-1]:
            start = at + len(piece)
            if not pdf.startswith(piece, at) or (at := pdf.find(b">", start) + 1) == 0:
                raise BadDocument("the page is not the template's")
            texts.append(unhexlify(pdf[pdf.index(b"<", start) + 1 : at - 1]))
        if at + len(self.pieces[-1]) != end or not pdf.startswith(self.pieces[-1], at):
            raise BadDocument("the page is not the template's")
        xref = end + len(END_OF_CONTENT)
        if pdf[end:] != b"%b%b%d\n%%%%EOF\n" % (END_OF_CONTENT, tail, xref):
            raise BadDocument("the file does not end as it must")
        return texts


@cache
def template(version: str) -> Template:
    """Read once, then kept. Raises UnknownTemplate for a version that is not here."""
    first, _, rest = templates.content(version, "page.bin").partition(b"\n")
    facts = json.loads(first)
    ends = list(itertools.accumulate(facts["parts"]))
    head, *pieces, tail = (rest[a:b] for a, b in itertools.pairwise([0, *ends]))
    letters = {name: frozenset(font["letters"]) for name, font in facts["fonts"].items()}
    return Template(
        Around(head, tail),
        tuple(pieces),
        tuple(_filler(facts, field) for field in Lines._fields),
        tuple(letters[facts["slots"][field]["font"]] for field in Lines._fields),
        hashlib.sha256(head),
    )


def _filler(facts: dict[str, Any], field: str) -> Callable[[str], bytes | None]:
    """What is the same on many pages, and nobody's, is remembered."""
    fill = _slot(facts["fonts"], facts["slots"][field]).fill
    return lru_cache(maxsize=4096)(fill) if field in SHARED else fill


def _slot(fonts: dict[str, Any], slot: dict[str, Any]) -> Slot:
    font = fonts[slot["font"]]
    return Slot(
        codecs.charmap_build(font["codes"]),
        tuple(font["widths"]),
        max(font["widths"]),
        tuple(
            (f"{size:g} Tf {size * 1.2:g} TL".encode(), slot["width"] * 1000 / size)
            for size in slot["sizes"]
        ),
    )
