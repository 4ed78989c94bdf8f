"""reportlab's canvas, opened and closed our way: A4, our fonts, no dates, no programs' names."""

import io
from functools import cache
from typing import Any

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from documents.drawing import pdf_file, templates, xmp


def blank_page(*, compressed: bool) -> tuple[Any, io.BytesIO]:
    """A reportlab canvas of one A4 page that knows our fonts."""
    register_fonts()
    rl_config.useA85 = 0
    out = io.BytesIO()
    canvas = Canvas(
        out,
        pagesize=A4,
        pageCompression=int(compressed),
        invariant=1,
        initialFontName=templates.SANS,
        lang=xmp.LANGUAGE,
    )
    canvas.setViewerPreference("DisplayDocTitle", "true")
    return canvas, out


def finish(canvas: Any, out: io.BytesIO) -> pdf_file.PdfFile:
    """Close the page and take its objects."""
    canvas.save()
    return pdf_file.parse(out.getvalue())


@cache
def register_fonts() -> None:
    """Make reportlab know our fonts by their short names."""
    for name in (templates.SANS, templates.BOLD, templates.MONO):
        file = io.BytesIO(templates.font(name))
        pdfmetrics.registerFont(TTFont(name, file, asciiReadable=False, shapable=False))
