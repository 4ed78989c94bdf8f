"""What a screen reader finds in a file: its tree of tags with the text of each, read by pypdf."""

import io
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pypdf
from pypdf.generic import ContentStream

Marks = dict[tuple[int, int], str]  # by page (the number of its object) and mark


class Tag(NamedTuple):
    """One element; its own text is that of its own marks, in their order."""

    role: str
    own_text: str
    alt: str
    attributes: dict[str, Any]
    kids: tuple["Tag", ...]

    def walk(self) -> Iterator["Tag"]:
        yield self
        for kid in self.kids:
            yield from kid.walk()

    def text(self) -> str:
        return "".join(one.own_text for one in self.walk()).replace("\xa0", " ")

    def all_of(self, role: str) -> list["Tag"]:
        return [one for one in self.walk() if one.role == role]


def spoken(pdf: bytes) -> Tag:
    """The document element. Raises AssertionError for text that is neither in it nor marked."""
    reader = pypdf.PdfReader(io.BytesIO(pdf), strict=True)
    marks: Marks = {}
    for page in reader.pages:
        marks |= _marks(page)
    found = _tag(reader.root_object["/StructTreeRoot"]["/K"], marks)
    assert not marks, "each mark has one element"
    return found


def _tag(element: Any, marks: Marks) -> Tag:
    element = element.get_object()
    kids = [(kid.get_object(), kid) for kid in element["/K"]]
    own = [kid for kid, _ in kids if "/MCID" in kid]
    return Tag(
        element["/S"].removeprefix("/"),
        "".join(marks.pop((kid.raw_get("/Pg").idnum, kid["/MCID"])) for kid in own),
        element.get("/Alt", ""),
        {name.removeprefix("/"): value for name, value in element.get("/A", {}).items()},
        tuple(_tag(kid, marks) for kid, _ in kids if "/MCID" not in kid),
    )


def _marks(page: Any) -> Marks:
    """The text of each mark of a page."""
    letters = {name: _letters(font) for name, font in page["/Resources"]["/Font"].items()}
    found: Marks = {}
    inside: list[int | None] = []  # the open marks; None is an artifact
    font: dict[int, str] = {}
    for operands, operator in ContentStream(page["/Contents"], page.pdf).operations:
        if operator == b"BMC":
            assert operands == ["/Artifact"]
            inside.append(None)
        elif operator == b"BDC":
            inside.append(operands[1]["/MCID"])
            found[page.indirect_reference.idnum, operands[1]["/MCID"]] = ""
        elif operator == b"EMC":
            inside.pop()
        elif operator == b"Tf":
            font = letters[operands[0]]
        elif operator == b"Tj":
            (mark,) = inside
            if mark is not None:
                codes = getattr(operands[0], "original_bytes", operands[0])
                text = "".join(font[code] for code in codes)
                found[page.indirect_reference.idnum, mark] += text
    assert not inside
    return found


def _letters(font: Any) -> dict[int, str]:
    table = font.get_object()["/ToUnicode"].get_data()
    pairs = re.findall(rb"<([0-9A-F]{2})> <([0-9A-F]{4})>", table)
    return {int(code, 16): chr(int(letter, 16)) for code, letter in pairs}
