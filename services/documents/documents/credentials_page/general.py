"""The general path: reportlab draws this one document, with any letter that the fonts have.

Nothing is compressed, so that the bytes do not depend on a version of zlib.
"""

from documents.credentials_page.draw import drawn
from documents.credentials_page.layout import TITLE
from documents.credentials_page.lines import Lines
from documents.drawing import pdf_file
from documents.drawing.canvas import blank_page


def render(version: str, lines: Lines) -> bytes:
    """The PDF of `lines`, whose letters the fonts have. Raises Unprintable when one is too long."""
    file = drawn(version, lines, *blank_page(compressed=False))
    content = pdf_file.stream(file.objects[pdf_file.reference(pdf_file.page(file), b"Contents")])
    return pdf_file.around(file, TITLE).wrap(content)
