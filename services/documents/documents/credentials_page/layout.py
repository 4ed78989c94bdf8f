"""The drawing of the credentials page, the same for both paths of `render`.

The bytes of an issued document must never change: a change here is a new template version with a
drawing of its own (docs/adr/0004). The golden digests in the tests hold this.
"""

from typing import Any, NamedTuple

from documents.credentials_page.lines import Lines
from documents.drawing.letters import Unprintable
from documents.drawing.templates import BOLD, MONO, SANS

VERSION = "credentials-1"
TITLE = "Учётные данные для входа в АИС ПФДО"

LEFT, RIGHT = 71.0, 546.0  # 25 mm for the binder, 17 mm on the right
VALUE = 206.0  # where the values stand
INSET = 10.0


class Field(NamedTuple):
    label: str
    font: str
    y: float  # the baseline of the label and of the text
    sizes: tuple[int, ...]  # the first one at which the text fits in one row


FIELDS = {  # in the order of Lines
    "full_name": Field("Ребёнок", BOLD, 700, (18, 16, 14, 13, 12)),
    "number": Field("Номер сертификата", MONO, 628, (27,)),
    "validity": Field("Срок действия", SANS, 598, (12,)),
    "issued": Field("Лист подготовлен", SANS, 576, (12,)),
    "portal_url": Field("Адрес портала", MONO, 530, (14, 12, 10, 8, 6)),
    "login": Field("Логин", MONO, 494, (20, 17, 14, 11, 8, 6)),
    "password": Field("Пароль", MONO, 456, (20, 17, 14, 11, 8, 6)),
}
AFTER_FIELDS = "Что делать дальше"
WRAPPED_NAME = ((14, 2), (12, 3), (10, 3), (8, 4), (6, 5))  # size, lines that have room
BOXED = ("login", "password")
NUMBER_SPACING = 2.5

STEPS = (  # "~" is a space at which no row ends
    (
        "Если статус сертификата «Неактивирован», родитель или ученик от~14~лет должен лично "
        "посетить уполномоченную организацию с~подтверждающими документами."
    ),
    (
        "Сотрудник уполномоченной организации проверит документы и~изменит статус "
        "на~«Активный». Если статус уже «Активный», посещать организацию не~нужно."
    ),
    "Откройте портал АИС~ПФДО по~адресу выше и~войдите с~этим логином и~паролем.",
    (
        "Если пароль потерян или его увидел посторонний, получите новый в~личном кабинете "
        "АИС~СГО одним нажатием. Прежний пароль и~этот лист перестанут действовать."
    ),
)
KEEP_SAFE = (
    "Храните этот лист так же бережно, как документы ребёнка.",
    (
        "Пароль у~вас никто не~спросит: ни~школа, ни~уполномоченная организация, ни~служба "
        "поддержки. Никому не~сообщайте его и~не~пересылайте."
    ),
)
FOOT = "Лист подготовлен автоматически"


def width(field: str) -> float:
    """How wide the text of a field may be, in points."""
    return RIGHT - VALUE - (2 * INSET if field in BOXED else 0)


def draw(canvas: Any, lines: Lines) -> None:
    """Draw the page on a reportlab canvas that knows the three fonts."""
    _draw_head(canvas)
    _draw_panel(canvas)
    for field, text in lines._asdict().items():
        _draw_field(canvas, field, text)
    y = _draw_steps(canvas, 392)
    _draw_keep_safe(canvas, y - 16)
    _draw_foot(canvas)


def _text(canvas: Any, x: float, y: float, text: str, font: str, size: float) -> None:
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)


def _rule(canvas: Any, y: float, thickness: float, gray: float) -> None:
    canvas.setStrokeGray(gray)
    canvas.setLineWidth(thickness)
    canvas.line(LEFT, y, RIGHT, y)


def _draw_head(canvas: Any) -> None:
    canvas.setFillGray(0.1)
    _text(canvas, LEFT, 773, "Сертификат дополнительного образования", BOLD, 20)
    canvas.setFillGray(0.3)
    _text(canvas, LEFT, 751, TITLE, SANS, 13.5)
    _rule(canvas, 736, 1.4, 0.2)
    _rule(canvas, 733, 0.4, 0.2)


def _draw_panel(canvas: Any) -> None:
    _rule(canvas, 662, 0.4, 0.7)
    canvas.setLineWidth(0.5)
    canvas.setStrokeGray(0.55)
    canvas.setFillGray(0.955)
    canvas.roundRect(LEFT - 12, 435, RIGHT - LEFT + 24, 118, 7, stroke=1, fill=1)
    canvas.setFillGray(1)
    for field in BOXED:
        y = FIELDS[field].y
        canvas.roundRect(VALUE, y - 9.5, RIGHT - VALUE, 31, 4, stroke=1, fill=1)


def _draw_field(canvas: Any, field: str, text: str) -> None:
    label, font, y, _ = FIELDS[field]
    canvas.setFillGray(0.3)
    _text(canvas, LEFT, y, label, SANS, 10.5)
    canvas.setFillGray(0)
    x = VALUE + (INSET if field in BOXED else 0)
    size, rows = _fit(canvas, field, text)
    canvas.setFont(font, size)
    for n, row in enumerate(rows):
        spacing = NUMBER_SPACING if field == "number" else 0
        canvas.drawString(x, y - n * size * 1.2, row, charSpace=spacing)


def _fit(canvas: Any, field: str, text: str) -> tuple[float, list[str]]:
    font = FIELDS[field].font
    for size in FIELDS[field].sizes:
        if canvas.stringWidth(text, font, 1000) * size <= width(field) * 1000:
            return size, [text]
    for size, count in WRAPPED_NAME if field == "full_name" else ():
        rows = _wrap(canvas, text, font, size, width(field))
        if len(rows) <= count:
            return size, rows
    raise Unprintable(f"{field} is longer than the page has room for")


def _wrap(canvas: Any, text: str, font: str, size: float, width_max: float) -> list[str]:
    """`text` in rows no wider than `width_max`; a word that is wider than a row is cut."""
    rows = [""]
    for word in text.split(" "):
        if rows[-1] and canvas.stringWidth(f"{rows[-1]} {word}", font, size) <= width_max:
            rows[-1] = f"{rows[-1]} {word}"
            continue
        rows.append("")
        for letter in word:
            if canvas.stringWidth(rows[-1] + letter, font, size) > width_max:
                rows.append("")
            rows[-1] += letter
    return rows[1:]


def _draw_paragraph(canvas: Any, x: float, y: float, text: str, font: str, size: float) -> float:
    for row in _wrap(canvas, text.replace("~", "\xa0"), font, size, RIGHT - x):
        _text(canvas, x, y, row, font, size)
        y -= size * 1.42
    return y


def _draw_steps(canvas: Any, y: float) -> float:
    canvas.setFillGray(0.1)
    _text(canvas, LEFT, y, AFTER_FIELDS, BOLD, 14)
    y -= 27
    for n, step in enumerate(STEPS, start=1):
        canvas.setStrokeGray(0.35)
        canvas.setLineWidth(0.8)
        canvas.circle(LEFT + 9, y + 3.6, 9, stroke=1, fill=0)
        canvas.setFillGray(0.1)
        _text(canvas, LEFT + 6, y, f"{n}", BOLD, 11)
        y = _draw_paragraph(canvas, LEFT + 30, y, step, SANS, 11.3) - 9.5
    return y


def _draw_keep_safe(canvas: Any, y: float) -> None:
    canvas.setStrokeGray(0.2)
    canvas.setLineWidth(2.5)
    canvas.line(LEFT + 1.25, y + 12, LEFT + 1.25, y - 39)
    canvas.setFillGray(0.1)
    first, second = KEEP_SAFE
    _text(canvas, LEFT + 14, y, first, BOLD, 11.3)
    _draw_paragraph(canvas, LEFT + 14, y - 17, second, SANS, 11.3)


def _draw_foot(canvas: Any) -> None:
    _rule(canvas, 54, 0.4, 0.6)
    canvas.setFillGray(0.4)
    _text(canvas, LEFT, 41, FOOT, SANS, 8)
    text = f"Шаблон {VERSION}"
    canvas.setFont(SANS, 8)
    canvas.drawRightString(RIGHT, 41, text)
