"""The drawing of the credentials page: one for all versions and for both paths of `render`.

The bytes of an issued document must never change: what a version does in its own way is asked here,
and the golden digests in the tests hold the rest (docs/adr/0004).
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from documents.credentials_page import layout
from documents.credentials_page.layout import FIELDS, LEFT, RIGHT, VALUE
from documents.credentials_page.lines import Lines
from documents.credentials_page.rows import as_read, fit, wrap
from documents.drawing import tagging
from documents.drawing.canvas import finish
from documents.drawing.pdf_file import PdfFile
from documents.drawing.tagging import Tags
from documents.drawing.templates import BOLD, SANS

_UNTAGGED = frozenset({"credentials-1"})


def drawn(version: str, lines: Lines, canvas: Any, out: io.BytesIO) -> PdfFile:
    """The page as a file of reportlab's. Raises Unprintable for a text that has no room."""
    if version in _UNTAGGED:
        _draw(Page(version, canvas, Tags(lambda _: None)), lines)
        return finish(canvas, out)
    tags = Tags(canvas._code.append)  # noqa: SLF001  reportlab has no call for it
    _draw(Page(version, canvas, tags), lines)
    return tagging.tagged(finish(canvas, out), tags.root, layout.TITLE)


class Page(NamedTuple):
    """Where it is drawn. Of an untagged version the tags are thrown away."""

    version: str
    canvas: Any  # reportlab's
    tags: Tags

    @contextmanager
    def piece(self, role: str, attributes: bytes = b"") -> Iterator[None]:
        with self.tags.tag(role, attributes=attributes), self.tags.marked():
            yield

    def rows(self, rows: list[str], text: str) -> Iterable[str]:
        return rows if self.version in _UNTAGGED else as_read(rows, text)


def _draw(page: Page, lines: Lines) -> None:
    _draw_head(page)
    _draw_panel(page)
    with page.tags.tag("Table"):
        for field, text in lines._asdict().items():
            _draw_field(page, field, text)
    y = _draw_steps(page, 392)
    _draw_keep_safe(page, y - 16)
    _draw_foot(page)


def _text(canvas: Any, x: float, y: float, text: str, font: str, size: float) -> None:
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)


def _rule(canvas: Any, y: float, thickness: float, gray: float) -> None:
    canvas.setStrokeGray(gray)
    canvas.setLineWidth(thickness)
    canvas.line(LEFT, y, RIGHT, y)


def _draw_head(page: Page) -> None:
    with page.piece("H1"):
        page.canvas.setFillGray(0.1)
        _text(page.canvas, LEFT, 773, layout.HEADING, BOLD, 20)
    with page.piece("P"):
        page.canvas.setFillGray(0.3)
        _text(page.canvas, LEFT, 751, layout.TITLE, SANS, 13.5)
    with page.tags.artifact():
        _rule(page.canvas, 736, 1.4, 0.2)
        _rule(page.canvas, 733, 0.4, 0.2)


def _draw_panel(page: Page) -> None:
    canvas = page.canvas
    with page.tags.artifact():
        _rule(canvas, 662, 0.4, 0.7)
        canvas.setLineWidth(0.5)
        canvas.setStrokeGray(0.55)
        canvas.setFillGray(0.955)
        canvas.roundRect(LEFT - 12, 435, RIGHT - LEFT + 24, 118, 7, stroke=1, fill=1)
        canvas.setFillGray(1)
        for field in layout.BOXED:
            y = FIELDS[field].y
            canvas.roundRect(VALUE, y - 9.5, RIGHT - VALUE, 31, 4, stroke=1, fill=1)


def _draw_field(page: Page, field: str, text: str) -> None:
    label, font, y, _ = FIELDS[field]
    canvas = page.canvas
    with page.tags.tag("TR"):
        with page.piece("TH", tagging.OF_ROW):
            canvas.setFillGray(0.3)
            _text(canvas, LEFT, y, label, SANS, 10.5)
        with page.piece("TD"):
            canvas.setFillGray(0)
            x = VALUE + (layout.INSET if field in layout.BOXED else 0)
            size, rows = fit(canvas, field, text)
            canvas.setFont(font, size)
            for n, row in enumerate(page.rows(rows, text)):
                spacing = layout.NUMBER_SPACING if field == "number" else 0
                canvas.drawString(x, y - n * size * 1.2, row, charSpace=spacing)


def _draw_paragraph(page: Page, x: float, y: float, text: str) -> float:
    said = text.replace("~", "\xa0")
    rows = wrap(page.canvas, said, SANS, 11.3, RIGHT - x)
    for row in page.rows(rows, said):
        _text(page.canvas, x, y, row, SANS, 11.3)
        y -= 11.3 * 1.42
    return y


def _draw_steps(page: Page, y: float) -> float:
    canvas = page.canvas
    with page.piece("H2"):
        canvas.setFillGray(0.1)
        _text(canvas, LEFT, y, layout.AFTER_FIELDS, BOLD, 14)
    y -= 27
    with page.tags.tag("L", attributes=tagging.NUMBERED):
        for n, step in enumerate(layout.STEPS, start=1):
            with page.tags.tag("LI"):
                with page.tags.artifact():
                    canvas.setStrokeGray(0.35)
                    canvas.setLineWidth(0.8)
                    canvas.circle(LEFT + 9, y + 3.6, 9, stroke=1, fill=0)
                with page.piece("Lbl"):
                    canvas.setFillGray(0.1)
                    _text(canvas, LEFT + 6, y, f"{n}", BOLD, 11)
                with page.piece("LBody"):
                    y = _draw_paragraph(page, LEFT + 30, y, step) - 9.5
    return y


def _draw_keep_safe(page: Page, y: float) -> None:
    canvas = page.canvas
    with page.tags.artifact():
        canvas.setStrokeGray(0.2)
        canvas.setLineWidth(2.5)
        canvas.line(LEFT + 1.25, y + 12, LEFT + 1.25, y - 39)
    first, second = layout.KEEP_SAFE
    with page.piece("P"):
        canvas.setFillGray(0.1)
        _text(canvas, LEFT + 14, y, first, BOLD, 11.3)
    with page.piece("P"):
        _draw_paragraph(page, LEFT + 14, y - 17, second)


def _draw_foot(page: Page) -> None:
    with page.tags.artifact():
        _rule(page.canvas, 54, 0.4, 0.6)
        page.canvas.setFillGray(0.4)
        _text(page.canvas, LEFT, 41, layout.FOOT, SANS, 8)
        page.canvas.setFont(SANS, 8)
        page.canvas.drawRightString(RIGHT, 41, f"Шаблон {page.version}")
