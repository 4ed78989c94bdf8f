"""A PDF file as objects: taken from what reportlab wrote, written again in our own order.

Ours has no creation date, no producer and no file id, and the page's content is the last object:
everything before it is then the same in every document.
"""

import re
from typing import NamedTuple

_HEADER = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
_COMMENT = re.compile(rb"^%[^\n]*\n", re.MULTILINE)


class PdfFile(NamedTuple):
    objects: dict[int, bytes]  # number -> what stands between "obj" and "endobj"
    root: int


def parse(pdf: bytes) -> PdfFile:
    """The objects of a file whose cross-reference is one plain table."""
    start = int(pdf[pdf.rindex(b"startxref") :].split()[1])
    table, trailer = pdf[start:].split(b"trailer", 1)
    offsets = [int(row[:10]) for row in table.split(b"\n")[3:] if row[17:18] == b"n"]
    objects = {}
    for offset, end in zip(offsets, [*offsets[1:], start], strict=True):
        number, _, body = pdf[offset:end].split(b" ", 2)
        objects[int(number)] = body.removeprefix(b"obj\n").rpartition(b"endobj")[0].rstrip(b"\n")
    del objects[reference(trailer, b"Info")]  # dates and names of programs
    return PdfFile(objects, reference(trailer, b"Root"))


def reference(dictionary: bytes, key: bytes) -> int:
    """The object number that `/key n 0 R` names."""
    found = re.search(rb"/%s (\d+) 0 R" % key, dictionary)
    assert found, key
    return int(found[1])


def stream(body: bytes) -> bytes:
    """The bytes of a stream object, as they are stored."""
    dictionary, _, rest = body.partition(b"stream\n")
    found = re.search(rb"/Length (\d+)", dictionary)
    assert found, "a stream has a length"
    return rest[: int(found[1])]


def page(file: PdfFile) -> bytes:
    """The dictionary of the only page."""
    pages = file.objects[reference(file.objects[file.root], b"Pages")]
    assert b"/Count 1" in pages, "one page"
    return file.objects[reference(pages, b"Kids \\[")]


def pages(file: PdfFile) -> list[int]:
    """The object numbers of the pages, in order."""
    tree = file.objects[reference(file.objects[file.root], b"Pages")]
    kids = re.search(rb"/Kids \[([^\]]*)\]", tree)
    assert kids, "a file has pages"
    return [int(number) for number in re.findall(rb"(\d+) 0 R", kids[1])]


class Around(NamedTuple):
    """The file around the page's content; `head` ends before the content's length."""

    head: bytes
    tail: bytes  # ends before the offset of the cross-reference table

    def wrap(self, content: bytes) -> bytes:
        start = (self.head, b"%d" % len(content), b" >>\nstream\n", content, END_OF_CONTENT)
        xref = sum(map(len, start))
        return b"".join((*start, self.tail, b"%d\n%%%%EOF\n" % xref))


END_OF_CONTENT = b"\nendstream\nendobj\n"


def around(file: PdfFile, title: str) -> Around:
    """Everything but the page's content, with the title as the only fact about the document."""
    content = reference(page(file), b"Contents")
    numbers = [n for n in file.objects if n != content]
    renumbered = {old: new for new, old in enumerate(numbers, start=1)}
    information = len(numbers) + 1
    renumbered[content] = information + 1
    parts, offsets, position = [_HEADER], {}, len(_HEADER)
    bodies = {renumbered[n]: _renumber(file.objects[n], renumbered) for n in numbers}
    bodies[information] = b"<< /Title <feff%s> >>" % title.encode("utf-16-be").hex().encode()
    for number, body in bodies.items():
        offsets[number] = position
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        position += len(parts[-1])
    offsets[renumbered[content]] = position
    parts.append(b"%d 0 obj\n<< /Length " % renumbered[content])
    return Around(b"".join(parts), _tail(offsets, renumbered[file.root], information))


def whole(file: PdfFile, title: str) -> bytes:
    """The file in our own order, of any number of pages; the title is its only fact."""
    renumbered = {old: new for new, old in enumerate(file.objects, start=1)}
    bodies = {renumbered[n]: _renumber(body, renumbered) for n, body in file.objects.items()}
    information = len(bodies) + 1
    bodies[information] = b"<< /Title <feff%s> >>" % title.encode("utf-16-be").hex().encode()
    parts, offsets, position = [_HEADER], {}, len(_HEADER)
    for number, body in bodies.items():
        offsets[number] = position
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        position += len(parts[-1])
    tail = _tail(offsets, renumbered[file.root], information)
    return b"".join((*parts, tail, b"%d\n%%%%EOF\n" % position))


def _renumber(body: bytes, renumbered: dict[int, int]) -> bytes:
    dictionary, keyword, rest = body.partition(b"stream\n")
    dictionary = _COMMENT.sub(b"", dictionary)
    dictionary = re.sub(
        rb"\b(\d+) 0 R\b", lambda found: b"%d 0 R" % renumbered[int(found[1])], dictionary
    )
    return dictionary + keyword + rest


def _tail(offsets: dict[int, int], root: int, information: int) -> bytes:
    size = len(offsets) + 1
    rows = b"".join(b"%010d 00000 n \n" % offsets[n] for n in range(1, size))
    return (
        b"xref\n0 %d\n0000000000 65535 f \n" % size
        + rows
        + b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n"
        % (size, root, information)
    )
