"""Tags: what a screen reader reads, in which order, and as what (PDF 1.7, 14.7 and 14.8).

reportlab knows nothing of them, so they are added here: marked content while drawing, the tree of
elements when the file is written. Whatever is drawn outside a tag is an artifact: lines, foot.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from documents.drawing import pdf_file
from documents.drawing.pdf_file import PdfFile


class Mark(NamedTuple):
    """A piece of a page's content, by its number on the page."""

    page: int
    number: int


@dataclass(slots=True)
class Element:
    """`role`: a standard structure type such as H1, P, Figure, Table, TR, TD."""

    role: str
    alt: str | None = None
    kids: list["Element | Mark"] = field(default_factory=list)


def tagged(file: PdfFile, root: Element) -> PdfFile:
    """The file with its tree of elements."""
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
    catalog = b"/MarkInfo << /Marked true >> /StructTreeRoot %d 0 R" % first
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
    return b"<< /Type /StructElem /S /%s /P %d 0 R /K [ %s ]%s >>" % (
        one.role.encode(),
        parent,
        kids,
        alt,
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
