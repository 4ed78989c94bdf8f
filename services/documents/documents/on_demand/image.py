"""The certificate as an image: number, name, dates, and a QR that tells whether it is valid now.

Its status is not printed, for it changes. One drawing, two pens: PNG for a screen or a small print,
PDF to print on A4 and cut out.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol
from uuid import UUID

from documents.drawing import qr, tagging
from documents.drawing.lettering import BOLD, MONO, SANS, fit, printed, width
from documents.drawing.letters import Unprintable
from documents.drawing.picture import Picture
from documents.drawing.sheet import LEFT, RIGHT, Sheet

TITLE: Final = "Сертификат дополнительного образования"
VERSION: Final = "image-1"
WIDE, HIGH = 595.0, 420.5  # A5 across: the upper half of A4
PIXELS_WIDE: Final = 1748  # A6 at 300 dots an inch
DOTS_PER_INCH: Final = 300
EDGE = 26.0
INSET = 54.0
QR_SIDE = 152.0
_NAME_FITS: Final = ((22.0, 1), (20.0, 2), (17.0, 2), (14.0, 3), (11.0, 4), (8.0, 5))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageValues:
    """What the image says. Texts are text, never markup."""

    certificate_id: UUID
    number: str
    full_name: str = field(repr=False)
    valid_from: date
    valid_until: date
    public_url: str


class Pen(Protocol):
    """What both pens can draw."""

    def tag(
        self, role: str, alt: str | None = ..., attributes: bytes = ...
    ) -> AbstractContextManager[object]: ...

    def text(
        self, x: float, y: float, text: str, font: str = ..., size: float = ...,
        gray: float = ..., spacing: float = ...,
    ) -> None: ...  # fmt: skip

    def rule(
        self, x1: float, y1: float, x2: float, y2: float, thickness: float = ...,
        gray: float = ...,
    ) -> None: ...  # fmt: skip

    def frame(
        self, x: float, y: float, wide: float, high: float, *, radius: float = ...,
        thickness: float = ..., gray: float = ..., fill: float | None = ...,
    ) -> None: ...  # fmt: skip

    def squares(self, x: float, y: float, side: float, rows: tuple[bytes, ...]) -> None: ...


def png(values: ImageValues) -> bytes:
    """1748×1235 pixels in 16 shades of gray. Raises Unprintable for a name that has no letters."""
    picture = Picture(WIDE, HIGH, pixels_wide=PIXELS_WIDE, dots_per_inch=DOTS_PER_INCH)
    _draw(picture, 0, values)
    return picture.finish()


def pdf(values: ImageValues) -> bytes:
    """A4: the card in the upper half, what it is for below. Raises Unprintable as `png` does."""
    sheet = Sheet(TITLE)
    sheet.foot = f"{TITLE} · шаблон {VERSION}"
    _draw(sheet, 842 - HIGH, values)
    sheet.rule(24, 842 - HIGH, 571, 842 - HIGH, 0.5, 0.5, dashed=True)
    _draw_advice(sheet)
    return sheet.finish()


def _draw(pen: Pen, up: float, values: ImageValues) -> None:
    pen.frame(EDGE, up + EDGE, WIDE - 2 * EDGE, HIGH - 2 * EDGE, radius=10, thickness=1.6, gray=0.2)
    inner = EDGE + 5
    pen.frame(inner, up + inner, WIDE - 2 * inner, HIGH - 2 * inner, radius=6, gray=0.55)
    with pen.tag("H1"):
        pen.text(INSET, up + 346, "Сертификат ", BOLD, 30)
        pen.text(INSET, up + 323, "дополнительного образования", SANS, 16, 0.3)
    pen.rule(INSET, up + 307, WIDE - INSET, up + 307, 1.2, 0.2)
    with pen.tag("P"):
        pen.text(INSET, up + 286, "Номер ", SANS, 10.5, 0.35)
        pen.text(INSET, up + 259, values.number, MONO, 26, 0, 2.4)
    _draw_name(pen, up, values.full_name)
    with pen.tag("P"):
        dates = f"с {_day(values.valid_from)} по {_day(values.valid_until)} включительно"
        pen.text(INSET, up + 84, "Срок действия ", SANS, 10.5, 0.35)
        pen.text(INSET, up + 65, dates, SANS, 13.5, 0)
    _draw_qr(pen, up, qr.verification_address(values.public_url, values.certificate_id))


def _draw_name(pen: Pen, up: float, full_name: str) -> None:
    room = WIDE - 2 * INSET - QR_SIDE - 18
    size, rows = fit(printed(full_name, BOLD), BOLD, room, _NAME_FITS)
    with pen.tag("P"):
        pen.text(INSET, up + 228, "Выдан ", SANS, 10.5, 0.35)
        for down, row in enumerate(rows):
            pen.text(INSET, up + 221 - size - down * size * 1.2, row, BOLD, size, 0)


def _draw_qr(pen: Pen, up: float, address: str) -> None:
    rows = qr.modules(address)
    white = QR_SIDE * qr.QUIET_ZONE / (len(rows) + 2 * qr.QUIET_ZONE)
    left, bottom = WIDE - INSET - QR_SIDE + white, up + 300 - QR_SIDE
    side = QR_SIDE - 2 * white
    alt = f"QR-код с адресом проверки сертификата: {address}"
    with pen.tag("Figure", alt, tagging.box(left, bottom + white, side, side)):
        pen.squares(left, bottom + white, side, rows)
    middle = WIDE - INSET - QR_SIDE / 2
    words = "Действует ли сертификат сейчас, ", "покажет этот QR-код или адрес: "
    size, parts = fit_address(address)
    lines = [(line, SANS, 9.5) for line in words] + [(part, MONO, size) for part in parts]
    y = bottom - 7
    with pen.tag("P"):
        for line, font, height in lines:
            pen.text(middle - width(line.strip(), font, height) / 2, y, line, font, height, 0.15)
            y -= height * 1.3


def fit_address(address: str) -> tuple[float, list[str]]:
    """An address is cut where a row is full: it has no words, and its hyphens are letters."""
    for size, rows_max in ((8.5, 2), (7.0, 3), (5.5, 4), (4.0, 8)):
        letters = int(QR_SIDE / width("0", MONO, size))
        rows = [address[at : at + letters] for at in range(0, len(address), letters)]
        if len(rows) <= rows_max:
            return size, rows
    raise Unprintable("the address is longer than the image has room for")


def _draw_advice(sheet: Sheet) -> None:
    y = 842 - HIGH - 40
    with sheet.tag("H2"):
        sheet.text(LEFT, y, "Об этом листе", BOLD, 14)
    y -= 26
    for text in _ADVICE:
        with sheet.tag("P"):
            y = sheet.paragraph(LEFT, y, text, size=11.3, right=RIGHT) - 8


_ADVICE: Final = (
    (
        "Верхнюю часть можно отрезать и~хранить отдельно. Печатайте лист в~чёрно-белом виде "
        "в~масштабе 100~%."
    ),
    (
        "Статус сертификата здесь не~напечатан, потому что он~меняется. Чтобы узнать его сейчас, "
        "наведите на~QR-код камеру телефона или откройте адрес под ним. На~странице проверки "
        "нет имени и~других личных данных."
    ),
    (
        "Сертификатом можно пользоваться, когда его статус «Активный». Если он~ещё "
        "«Неактивирован», родитель или ученик от~14~лет должен лично посетить "
        "уполномоченную организацию с~подтверждающими документами."
    ),
    (
        "Логин и~пароль для входа в~АИС~ПФДО напечатаны на~другом листе. Не~показывайте его, когда "
        "показываете сертификат."
    ),
)


def _day(day: date) -> str:
    return f"{day.day:02}.{day.month:02}.{day.year:04}"
