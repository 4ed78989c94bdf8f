"""The general path: reportlab draws this one document, with any letter that the fonts have.

Nothing is compressed, so that the bytes do not depend on a version of zlib.
"""

from documents.credentials_page import layout
from documents.credentials_page.lines import Lines
from documents.drawing import pdf_file
from documents.drawing.canvas import blank_page, finish


def render(version: str, lines: Lines) -> bytes:
    """The PDF of `lines`, whose letters the fonts have. Raises Unprintable when one is too long."""
    canvas, out = blank_page(version, compressed=False)
    layout.draw(canvas, lines)
    file = finish(canvas, out)
    content = pdf_file.stream(file.objects[pdf_file.reference(pdf_file.page(file), b"Contents")])
    return pdf_file.around(file, layout.TITLE).wrap(content)
