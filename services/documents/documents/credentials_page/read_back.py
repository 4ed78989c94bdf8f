"""Reading a page back: what stands where, by the file's own tables, knowing nothing of slots.

Enough of PDF for the files that this service makes. `check` proves with it what a document says.
"""

import re
import zlib
from typing import NamedTuple

from documents.credentials_page.layout import AFTER_FIELDS, FIELDS, LEFT
from documents.credentials_page.lines import Lines
from documents.credentials_page.values import BadDocument
from documents.drawing import pdf_file

_TOKEN = re.compile(
    rb"BT 1 0 0 1 (\S+) (\S+) Tm"
    rb"|/(F\d+\+\d+) \S+ Tf"
    rb"|\(((?:[^\\()]|\\.)*)\) Tj"
    rb"|<([0-9a-f]*)> Tj",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


class Run(NamedTuple):
    x: float
    y: float
    text: str
    font: bytes = b""


def letters_by_font(pdf: bytes) -> dict[bytes, dict[int, str]]:
    """Of each font on the page, which letter a code is (its ToUnicode table)."""
    return _fonts(pdf_file.parse(pdf))


def _fonts(file: pdf_file.PdfFile) -> dict[bytes, dict[int, str]]:
    dictionary = file.objects[pdf_file.reference(pdf_file.page(file), b"Font")]
    tables = {}
    for name, number in re.findall(rb"/(F\d+\+\d+) (\d+) 0 R", dictionary):
        unicode = file.objects[pdf_file.reference(file.objects[int(number)], b"ToUnicode")]
        rows = re.findall(rb"<([0-9A-F]{2})> <([0-9A-F]{4})>", _plain(unicode))
        tables[name] = {int(code, 16): chr(int(letter, 16)) for code, letter in rows}
    return tables


def _plain(body: bytes) -> bytes:
    stored = pdf_file.stream(body)
    return zlib.decompress(stored) if b"/FlateDecode" in body.partition(b"stream\n")[0] else stored


def runs(pdf: bytes) -> list[Run]:
    """Every text of the page in the order in which it is drawn."""
    file = pdf_file.parse(pdf)
    letters_of = _fonts(file)
    letters: dict[int, str] = {}
    found: list[Run] = []
    content = _plain(file.objects[pdf_file.reference(pdf_file.page(file), b"Contents")])
    for x, y, font, literal, hexadecimal in _TOKEN.findall(content):
        if x:
            found.append(Run(float(x), float(y), ""))
        elif font:
            letters = letters_of[font]
            found[-1] = found[-1]._replace(font=font)
        else:
            codes = bytes.fromhex(hexadecimal.decode()) or _ESCAPE.sub(_unescape, literal)
            text = "".join(letters[code] for code in codes)
            found[-1] = found[-1]._replace(text=found[-1].text + text)
    return found


def _unescape(found: re.Match[bytes]) -> bytes:
    char = found[1]
    return bytes([int(char, 8)]) if len(char) > 1 else _CONTROL.get(char, char)


def fields(page: list[Run]) -> Lines:
    """What the page shows to the right of each label. Raises BadDocument for a missing label."""
    bottoms = sorted((y for x, y, text, _ in page if x == LEFT), reverse=True)
    places = {text: y for x, y, text, _ in page if x == LEFT}
    labels = [field.label for field in FIELDS.values()]
    if not {*labels, AFTER_FIELDS} <= places.keys():
        raise BadDocument("a label is missing")
    values = []
    for label in labels:
        top = places[label]
        bottom = next(y for y in bottoms if y < top)
        rows = (text for x, y, text, _ in page if x > LEFT and bottom < y <= top)
        values.append(" ".join(filter(None, rows)))
    return Lines(*values)
