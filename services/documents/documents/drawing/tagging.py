"""Tags: what a screen reader reads, in which order, and as what (PDF 1.7, 14.7 and 14.8).

reportlab knows nothing of them, so they are added here: marked content while drawing, the tree of
elements when the file is written. Whatever is drawn outside a tag is an artifact: lines, foot.
The promised bytes of credentials-2 come from here and from `xmp`, too: golden digests hold them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from documents.drawing import pdf_file, xmp
from documents.drawing.pdf_file import PdfFile

ARTIFACT: Final = "Artifact"  # of no meaning: lines, what is printed again on the next sheet
OF_COLUMN: Final = b"/O /Table /Scope /Column"  # what a TH is the heading of
OF_ROW: Final = b"/O /Table /Scope /Row"
NUMBERED: Final = b"/O /List /ListNumbering /Decimal"
DOTTED: Final = b"/O /List /ListNumbering /Disc"


class Mark(NamedTuple):
    """A piece of a page's content, by its number on the page."""

    page: int
    number: int


@dataclass(slots=True)
class Element:
    """`role`: a standard structure type such as H1, P, Figure, Table, TR, TD."""

    role: str
    alt: str | None = None
    attributes: bytes = b""
    kids: list["Element | Mark"] = field(default_factory=list)


def box(left: float, bottom: float, wide: float, high: float) -> bytes:
    """The attribute that says where a figure stands on its page."""
    return b"/O /Layout /BBox [ %.2f %.2f %.2f %.2f ]" % (left, bottom, left + wide, bottom + high)


class Tags:
    """The tree, growing while a document is drawn; `write` adds an operator to the open page."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.root = Element("Document")
        self._write = write
        self._open = [self.root]
        self._page = 0
        self._marks = 0

    @contextmanager
    def tag(self, role: str, alt: str | None = None, attributes: bytes = b"") -> Iterator[Element]:
        """What is marked inside is read as this; nested, it is a part of what is around it."""
        above = self._open[-1]
        element = Element(ARTIFACT if above.role == ARTIFACT else role, alt, attributes)
        if element.role != ARTIFACT:
            above.kids.append(element)
        self._open.append(element)
        try:
            yield element
        finally:
            self._open.pop()

    @contextmanager
    def marked(self) -> Iterator[None]:
        """What is drawn inside is a part of the innermost tag."""
        element = self._open[-1]
        assert element is not self.root, "text has a tag"
        if element.role == ARTIFACT:
            self._write("/Artifact BMC")
        else:
            element.kids.append(Mark(self._page, self._marks))
            self._write(f"/{element.role} <</MCID {self._marks}>> BDC")
            self._marks += 1
        yield
        self._write("EMC")

    @contextmanager
    def artifact(self) -> Iterator[None]:
        """What is drawn inside is not read."""
        with self.tag(ARTIFACT), self.marked():
            yield

    def next_page(self) -> None:
        self._page += 1
        self._marks = 0


def tagged(file: PdfFile, root: Element, title: str) -> PdfFile:
    """The file with its tree of elements, and the title where a reader of tags looks for it."""
    objects = dict(file.objects)
    pages = pdf_file.pages(file)
    first = max(objects) + 1
    elements = list(_walk(root, None))
    numbers = {id(one): first + 1 + place for place, (one, _) in enumerate(elements)}
    parent_tree = first + 1 + len(elements)
    owners: dict[Mark, int] = {}
    for one, parent in elements:
        above = first if parent is None else numbers[id(parent)]
        objects[numbers[id(one)]] = _element(one, above, numbers, pages)
        owners |= {kid: numbers[id(one)] for kid in one.kids if isinstance(kid, Mark)}
    objects[first] = b"<< /Type /StructTreeRoot /K %d 0 R /ParentTree %d 0 R >>" % (
        numbers[id(root)],
        parent_tree,
    )
    objects[parent_tree] = _parent_tree(len(pages), owners)
    for place, number in enumerate(pages):
        objects[number] = _with(objects[number], b"/StructParents %d /Tabs /S" % place)
    objects[parent_tree + 1] = xmp.packet(title)
    catalog = b"/MarkInfo << /Marked true >> /StructTreeRoot %d 0 R /Metadata %d 0 R" % (
        first,
        parent_tree + 1,
    )
    objects[file.root] = _with(objects[file.root], catalog)
    return PdfFile(objects, file.root)


def _walk(one: Element, parent: Element | None) -> Iterator[tuple[Element, Element | None]]:
    yield one, parent
    for kid in one.kids:
        if isinstance(kid, Element):
            yield from _walk(kid, one)


def _element(one: Element, parent: int, numbers: dict[int, int], pages: list[int]) -> bytes:
    kids = b" ".join(
        b"<< /Type /MCR /Pg %d 0 R /MCID %d >>" % (pages[kid.page], kid.number)
        if isinstance(kid, Mark)
        else b"%d 0 R" % numbers[id(kid)]
        for kid in one.kids
    )
    alt = b"" if one.alt is None else b" /Alt <feff%s>" % one.alt.encode("utf-16-be").hex().encode()
    attributes = b" /A << %b >>" % one.attributes if one.attributes else b""
    return b"<< /Type /StructElem /S /%s /P %d 0 R /K [ %s ]%s%s >>" % (
        one.role.encode(),
        parent,
        kids,
        alt,
        attributes,
    )


def _parent_tree(pages: int, owners: dict[Mark, int]) -> bytes:
    rows = []
    for page in range(pages):
        marks = sorted(mark for mark in owners if mark.page == page)
        assert [mark.number for mark in marks] == list(range(len(marks))), "each mark has an owner"
        rows.append(b"%d [ %s ]" % (page, b" ".join(b"%d 0 R" % owners[mark] for mark in marks)))
    return b"<< /Nums [ %s ] >>" % b" ".join(rows)


def _with(dictionary: bytes, entries: bytes) -> bytes:
    before, brackets, after = dictionary.rpartition(b">>")
    return before + entries + b" " + brackets + after
