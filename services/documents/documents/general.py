"""The general path: reportlab draws this one document, with any letter that the fonts have.

Nothing is compressed, so that the bytes do not depend on a version of zlib.
"""

import io
from functools import cache
from typing import Any

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from documents import credentials_page, pdf_file, templates_folder
from documents.credentials_lines import Lines


def render(version: str, lines: Lines) -> bytes:
    """The PDF of `lines`, whose letters the fonts have. Raises Unprintable when one is too long."""
    canvas, out = blank_page(version, compressed=False)
    credentials_page.draw(canvas, lines)
    file = finish(canvas, out)
    content = pdf_file.stream(file.objects[pdf_file.reference(pdf_file.page(file), b"Contents")])
    return pdf_file.around(file, credentials_page.TITLE).wrap(content)


def blank_page(version: str, *, compressed: bool) -> tuple[Any, io.BytesIO]:
    """A reportlab canvas of one A4 page that knows the fonts of the version."""
    register_fonts(version)
    rl_config.useA85 = 0
    out = io.BytesIO()
    canvas = Canvas(
        out,
        pagesize=A4,
        pageCompression=int(compressed),
        invariant=1,
        initialFontName=credentials_page.SANS,
        lang="ru-RU",
    )
    canvas.setViewerPreference("DisplayDocTitle", "true")
    return canvas, out


def finish(canvas: Any, out: io.BytesIO) -> pdf_file.PdfFile:
    """Close the page and take its objects."""
    canvas.save()
    return pdf_file.parse(out.getvalue())


@cache
def register_fonts(version: str) -> None:
    """Make reportlab know the fonts of the version by their short names."""
    for name in (credentials_page.SANS, credentials_page.BOLD, credentials_page.MONO):
        file = io.BytesIO(templates_folder.content(version, f"{name}.ttf"))
        pdfmetrics.registerFont(TTFont(name, file, asciiReadable=False, shapable=False))
