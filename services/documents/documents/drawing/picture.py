"""The pen that draws PNG: the calls of `sheet.Sheet`, in pixels, in shades of gray."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from documents.drawing import templates
from documents.drawing.lettering import SANS, width

SHADES = 16  # four bits a pixel: sharp letters, a small file
WHITE = 255


class Picture:
    """Lengths in points from the lower left corner, as on a sheet."""

    def __init__(self, wide: float, high: float, *, pixels_wide: int, dots_per_inch: int) -> None:
        self._scale = pixels_wide / wide
        self._high = high
        self._dots_per_inch = dots_per_inch
        self._image = Image.new("L", (pixels_wide, round(high * self._scale)), WHITE)
        self._draw = ImageDraw.Draw(self._image)

    @contextmanager
    def tag(self, role: str, alt: str | None = None, attributes: bytes = b"") -> Iterator[None]:  # noqa: ARG002  a picture has no tags
        yield

    def text(
        self, x: float, y: float, text: str, font: str = SANS, size: float = 10.5,
        gray: float = 0.1, spacing: float = 0,
    ) -> None:  # fmt: skip
        face = _face(font, round(size * self._scale, 1))
        if not spacing:
            self._draw.text(self._at(x, y), text, round(gray * WHITE), face, anchor="ls")
            return
        for letter in text:
            self._draw.text(self._at(x, y), letter, round(gray * WHITE), face, anchor="ls")
            x += width(letter, font, size) + spacing

    def rule(
        self, x1: float, y1: float, x2: float, y2: float, thickness: float = 0.5,
        gray: float = 0.35,
    ) -> None:  # fmt: skip
        line = max(1, round(thickness * self._scale))
        self._draw.line((*self._at(x1, y1), *self._at(x2, y2)), round(gray * WHITE), line)

    def frame(
        self, x: float, y: float, wide: float, high: float, *, radius: float = 0,
        thickness: float = 0.5, gray: float = 0.35, fill: float | None = None,
    ) -> None:  # fmt: skip
        corners = (self._at(x, y + high), self._at(x + wide, y))
        self._draw.rounded_rectangle(
            corners,
            radius * self._scale,
            None if fill is None else round(fill * WHITE),
            round(gray * WHITE),
            max(1, round(thickness * self._scale)),
        )

    def squares(self, x: float, y: float, side: float, rows: tuple[bytes, ...]) -> None:
        """A matrix of black squares, each of whole pixels, in the middle of a square of `side`."""
        count = len(rows)
        module = int(side * self._scale / count)
        flat = bytes(0 if dark else WHITE for row in rows for dark in row)
        image = Image.frombytes("L", (count, count), flat).resize((count * module,) * 2, 0)
        left, top = self._at(x, y + side)
        rest = round((side * self._scale - count * module) / 2)
        self._image.paste(image, (round(left) + rest, round(top) + rest))

    def finish(self) -> bytes:
        """The file: a palette of 16 shades, and no facts but its resolution."""
        out = io.BytesIO()
        shades = self._image.point([round(shade * (SHADES - 1) / WHITE) for shade in range(256)])
        image = Image.frombytes("P", shades.size, shades.tobytes())
        image.putpalette([n * WHITE // (SHADES - 1) for n in range(SHADES) for _ in range(3)])
        image.save(out, "PNG", bits=4, compress_level=3, dpi=(self._dots_per_inch,) * 2)
        return out.getvalue()

    def _at(self, x: float, y: float) -> tuple[int, int]:
        return round(x * self._scale), round((self._high - y) * self._scale)


@lru_cache(maxsize=64)
def _face(font: str, pixels: float) -> ImageFont.FreeTypeFont:
    file = io.BytesIO(templates.font(font))
    return ImageFont.truetype(file, pixels, layout_engine=ImageFont.Layout.BASIC)
