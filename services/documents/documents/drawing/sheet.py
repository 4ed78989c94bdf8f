"""A sheet of A4 being drawn: our fonts, tagged text, a title, a language and no other facts."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

from documents.drawing import pdf_file, tagging
from documents.drawing.canvas import blank_page, finish
from documents.drawing.lettering import SANS, wrap
from documents.drawing.tagging import Element, Tags

LEFT, RIGHT = 71.0, 546.0  # 25 mm for the binder, 17 mm on the right
LEADING = 1.36


class Sheet:
    """The pen that draws PDF. Lengths in points, from the lower left corner."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._canvas, self._out = blank_page(compressed=True)
        self._page = 1
        self._tags = Tags(self._write)
        self.foot: str | None = None

    def tag(
        self, role: str, alt: str | None = None, attributes: bytes = b""
    ) -> AbstractContextManager[Element]:
        """What is drawn inside is read as this; nested, it is a part of what is around it."""
        return self._tags.tag(role, alt, attributes)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        font: str = SANS,
        size: float = 10.5,
        gray: float = 0.1,
        spacing: float = 0,
    ) -> None:
        """One row of text with its baseline at `y`, as a part of the tag around it."""
        with self._tags.marked():
            self._canvas.setFillGray(gray)
            self._canvas.setFont(font, size)
            self._canvas.drawString(x, y, text, charSpace=spacing)

    def paragraph(
        self, x: float, y: float, text: str, *, size: float = 10.5, font: str = SANS,
        right: float = RIGHT, gray: float = 0.1,
    ) -> float:  # fmt: skip
        """Rows of text from `y` downwards; returns the baseline of what would be the next row."""
        for row in wrap(text, font, size, right - x):
            self.text(x, y, row, font, size, gray)
            y -= size * LEADING
        return y

    def rule(
        self, x1: float, y1: float, x2: float, y2: float, thickness: float = 0.5,
        gray: float = 0.35, *, dashed: bool = False,
    ) -> None:  # fmt: skip
        with self._tags.artifact():
            self._canvas.setStrokeGray(gray)
            self._canvas.setLineWidth(thickness)
            self._canvas.setDash([3, 3] if dashed else [])
            self._canvas.line(x1, y1, x2, y2)

    def frame(
        self, x: float, y: float, wide: float, high: float, *, radius: float = 0,
        thickness: float = 0.5, gray: float = 0.35, fill: float | None = None,
    ) -> None:  # fmt: skip
        with self._tags.artifact():
            self._canvas.setStrokeGray(gray)
            self._canvas.setLineWidth(thickness)
            self._canvas.setDash([])
            if fill is not None:
                self._canvas.setFillGray(fill)
            self._canvas.roundRect(x, y, wide, high, radius, stroke=1, fill=int(fill is not None))

    def squares(self, x: float, y: float, side: float, rows: tuple[bytes, ...]) -> None:
        """A matrix of black squares in a square of `side`; a part of the tag around it."""
        count = len(rows)
        with self._tags.marked():
            self._canvas.saveState()
            self._canvas.setFillGray(0)
            self._canvas.translate(x, y)
            self._canvas.scale(side / count, side / count)
            # A hair higher than it is, so that no screen shows light between the rows.
            squares = [
                f"{start} {count - 1 - down} {end - start} 1.01 re"
                for down, row in enumerate(rows)
                for start, end in _runs(row)
            ]
            self._write(" ".join([*squares, "f"]))
            self._canvas.restoreState()

    def next_page(self) -> None:
        self._end_page()
        self._page += 1
        self._tags.next_page()

    def finish(self) -> bytes:
        """The file."""
        self._end_page()
        file = finish(self._canvas, self._out)
        return pdf_file.whole(tagging.tagged(file, self._tags.root, self._title), self._title)

    def _write(self, operator: str) -> None:
        self._canvas._code.append(operator)  # noqa: SLF001  reportlab has no call for it

    def _end_page(self) -> None:
        if self.foot:
            with self._tags.artifact():
                self._canvas.setFillGray(0.4)
                self._canvas.setFont(SANS, 7.5)
                self._canvas.drawString(LEFT, 26, self.foot)
                self._canvas.drawRightString(RIGHT, 26, f"Лист {self._page}")
        self._canvas.showPage()


def _runs(row: bytes) -> Iterator[tuple[int, int]]:
    """Where the dark modules of a row begin and end."""
    start = None
    for place, dark in enumerate((*row, 0)):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            yield start, place
            start = None
