"""Proof that a finished document says what it must, read from the document and not from its maker.

Which text stands beside which label, and which letter a code is, comes from the file. For compiled
pages that is read once from a page of probes; then only what stands in the slots is compared.
"""

import codecs
import re
from functools import cache
from typing import NamedTuple

from documents.credentials_page import compiled, read_back
from documents.credentials_page.layout import LEFT
from documents.credentials_page.lines import Lines
from documents.credentials_page.values import BadDocument

_NUMBER = re.compile(r"\d{12}|\d{10}")  # numbers of other systems have 10
_ANY_NUMBER = re.compile(r"(?<!\d)(?:\d{12}|\d{10})(?!\d)")
_NO_LETTER = "\ufffe"


class Place(NamedTuple):
    slot: int  # counted on the page
    letters: str  # the letter of each code, for codecs.charmap_decode


def shown(version: str, pdf: bytes) -> Lines:
    """What the page shows beside each label. Raises BadDocument for a page that is not ours."""
    template = compiled.template(version)
    if not pdf.startswith(template.around.head):
        lines, others = _read(pdf)
        if any(map(_ANY_NUMBER.search, others)):
            raise BadDocument("another number stands on the page")
        return lines
    try:
        codes = template.shown(pdf)
        decoded = [
            codecs.charmap_decode(codes[slot], "strict", letters)[0]
            for slot, letters in _places(version)
        ]
    except ValueError as broken:
        raise BadDocument("the page cannot be read back") from broken
    return Lines(*decoded)


def compare(shown: Lines, expected: Lines) -> None:
    """Raise BadDocument naming the first field that differs, is empty or has another's number."""
    if shown != expected or not all(shown):
        _compare_each(shown, expected)
    if not _NUMBER.fullmatch(shown.number):
        raise BadDocument("number is not a certificate's")
    if _ANY_NUMBER.search(shown.full_name):
        raise BadDocument("another number stands on the page")


def _compare_each(shown: Lines, expected: Lines) -> None:
    for field, is_text, must_be in zip(Lines._fields, shown, expected, strict=True):
        same = is_text == must_be or (
            field == "full_name" and _unspaced(is_text) == _unspaced(must_be)  # a word cut in two
        )
        if not (must_be and same):
            raise BadDocument(f"{field} is not what it must be")


def _unspaced(text: str) -> str:
    return "".join(text.split())


@cache
def _places(version: str) -> tuple[Place, ...]:
    """Of each field, which slot stands beside its label and in which letters."""
    template = compiled.template(version)
    probes = [f"{slot}" * 3 for slot in range(len(template.slots))]
    content = template.fill(Lines(*probes))
    assert content is not None, "digits have codes in every font"
    pdf = template.around.wrap(content)
    lines, others = _read(pdf)
    assert not any(map(_ANY_NUMBER.search, others)), "no number is part of the template"
    assert sorted(lines) == probes, "each slot stands beside one label"
    fonts = {run.text: run.font for run in read_back.runs(pdf) if run.x > LEFT}
    letters_of = read_back.letters_by_font(pdf)
    return tuple(Place(probes.index(text), _table(letters_of[fonts[text]])) for text in lines)


def _table(letters: dict[int, str]) -> str:
    return "".join(letters.get(code, _NO_LETTER) for code in range(256))


def _read(pdf: bytes) -> tuple[Lines, list[str]]:
    """The fields, and every text beside them."""
    try:
        page = read_back.runs(pdf)
        lines = read_back.fields(page)
    except (AssertionError, IndexError, KeyError, ValueError) as broken:
        raise BadDocument("the page cannot be read back") from broken
    values = " ".join(lines)
    return lines, [run.text for run in page if run.text not in values]
