"""«Акт об уничтожении персональных данных»: what was destroyed, where, when, how and by whom.

Ids and counts, no names: an act must not keep what it says was destroyed. Its contents are those of
Roskomnadzor's order 179 of 28.10.2022; names of those who sign are written by hand. Beside it the
order wants an extract of the system's log: that is what identity answers of the erasure.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from documents.drawing import tagging
from documents.drawing.lettering import BOLD, MONO, SANS, printed, width, wrap
from documents.drawing.sheet import LEADING, LEFT, RIGHT, Sheet

TITLE: Final = "Акт об уничтожении персональных данных"
VERSION: Final = "act-3"
SYSTEM: Final = "Сертификаты дополнительного образования (identity, certificates, documents)"
NOBODY: Final = "не поручалась"
ROWS_MAX: Final = 500
TEXT_MAX: Final = 400
BOTTOM = 62.0
VALUE = 214.0
_COLUMNS: Final = (  # heading, left, right
    ("Где", LEFT + 5, 196.0),
    ("Что уничтожено", 204.0, 356.0),
    ("Записей", 364.0, 410.0),
    ("Когда и как", 418.0, RIGHT - 4),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroyed:
    """One kind of data at one place."""

    where: str  # the information system and its table, topic or file
    what: str  # the category of data
    count: int
    how: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who answers for the data, and who works with them on the operator's behalf, if anybody."""

    name: str
    address: str
    processor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActValues:
    """Texts are text, never markup; times are printed in `zone`. At most 500 rows."""

    act_id: UUID
    subject_id: UUID
    reason: str
    ordered_by: UUID | None  # None: the school information system erased the record
    made_at: datetime
    zone: ZoneInfo
    operator: Operator
    destroyed: tuple[Destroyed, ...]
    kept: tuple[str, ...] = ()  # what stays, until when and why

    def __post_init__(self) -> None:
        texts = [self.reason, *self.kept, self.operator.name, self.operator.address]
        texts += [text for row in self.destroyed for text in (row.where, row.what, row.how)]
        if not self.destroyed or max(len(self.destroyed), len(self.kept)) > ROWS_MAX:
            raise ValueError(f"an act has 1 to {ROWS_MAX} rows")
        if any(not text.strip() or len(text) > TEXT_MAX for text in texts):
            raise ValueError(f"a text in an act has 1 to {TEXT_MAX} letters")


def render_act(values: ActValues) -> bytes:
    """The PDF, as many sheets of A4 as it takes. Raises Unprintable."""
    sheet = Sheet(TITLE)
    sheet.foot = f"{TITLE} {values.act_id} · шаблон {VERSION}"
    with sheet.tag("H1"):
        sheet.text(LEFT, 774, "Акт ", BOLD, 20)
        sheet.text(LEFT, 754, "об уничтожении персональных данных", SANS, 13.5, 0.3)
    sheet.rule(LEFT, 741, RIGHT, 741, 1.2, 0.2)
    y = _draw_facts(sheet, 720, values)
    y = _draw_table(sheet, y - 12, values)
    y = _draw_kept(sheet, y - 22, values)
    _draw_signatures(sheet, y - 16)
    return sheet.finish()


def _draw_facts(sheet: Sheet, y: float, values: ActValues) -> float:
    facts = (
        ("Номер акта", str(values.act_id), MONO),
        ("Составлен", _moment(values.made_at, values.zone), SANS),
        ("Чьи данные", str(values.subject_id), MONO),
        ("Причина", printed(values.reason, SANS), SANS),
        ("По распоряжению", *_who(values.ordered_by)),
        ("Оператор персональных данных", printed(values.operator.name, SANS), SANS),
        ("Адрес оператора", printed(values.operator.address, SANS), SANS),
        ("Обработка по поручению", printed(values.operator.processor or NOBODY, SANS), SANS),
        ("Информационная система", SYSTEM, SANS),
    )
    for label, text, font in facts:
        with sheet.tag("P"):
            sheet.text(LEFT, y, f"{label} ", SANS, 9.5, 0.35)
            size = 10 if font == MONO else 10.5
            y = sheet.paragraph(VALUE, y, text, font=font, size=size, gray=0) - 4
    with sheet.tag("P"):
        note = (
            "Имён в~акте нет: субъект назван идентификатором, который был у~него в~системе. "
            "Идентификатор сам по~себе не~позволяет узнать человека."
        )
        return sheet.paragraph(LEFT, y - 2, note, size=9, gray=0.35)


def _who(ordered_by: UUID | None) -> tuple[str, str]:
    return (str(ordered_by), MONO) if ordered_by else ("АИС СГО", SANS)


def _draw_table(sheet: Sheet, y: float, values: ActValues) -> float:
    with sheet.tag("Table"):
        y = _draw_heading(sheet, y)
        for row in values.destroyed:
            cells = _cells(row, values.zone)
            high = max(map(len, cells)) * 9 * LEADING + 7
            if y - high < BOTTOM:
                sheet.next_page()
                with sheet.tag(tagging.ARTIFACT):  # read once
                    y = _draw_heading(sheet, 790)
            with sheet.tag("TR"):
                for (_, left, _), lines in zip(_COLUMNS, cells, strict=True):
                    with sheet.tag("TD"):
                        for down, line in enumerate(lines):
                            sheet.text(left, y - 11 - down * 9 * LEADING, line, SANS, 9)
            y -= high
            sheet.rule(LEFT, y, RIGHT, y, 0.4, 0.6)
    with sheet.tag("P"):
        total = sum(row.count for row in values.destroyed)
        sheet.text(LEFT + 5, y - 14, f"Всего записей: {total}", BOLD, 9.5)
    return y - 14


def _draw_heading(sheet: Sheet, y: float) -> float:
    sheet.frame(LEFT, y - 17, RIGHT - LEFT, 17, gray=0.6, fill=0.93)
    with sheet.tag("TR"):
        for heading, left, _ in _COLUMNS:
            with sheet.tag("TH", attributes=tagging.OF_COLUMN):
                sheet.text(left, y - 12, heading, BOLD, 9)
    return y - 17


def _cells(row: Destroyed, zone: ZoneInfo) -> list[list[str]]:
    texts = (row.where, row.what, str(row.count), f"{_moment(row.at, zone)}; {row.how}")
    return [
        wrap(printed(text, SANS), SANS, 9, right - left)
        for text, (_, left, right) in zip(texts, _COLUMNS, strict=True)
    ]


def _draw_kept(sheet: Sheet, y: float, values: ActValues) -> float:
    if not values.kept:
        return y
    y = _room(sheet, y, 60)
    with sheet.tag("H2"):
        sheet.text(LEFT, y, "Что остаётся, до какого срока и почему", BOLD, 11)
    y -= 17
    with sheet.tag("L", attributes=tagging.DOTTED):
        for text in values.kept:
            line = printed(text, SANS)
            rows = wrap(line, SANS, 9.5, RIGHT - LEFT - 12)
            y = _room(sheet, y, len(rows) * 9.5 * LEADING)
            with sheet.tag("LI"):
                with sheet.tag("Lbl"):
                    sheet.text(LEFT + 2, y, "·", BOLD, 11)
                with sheet.tag("LBody"):
                    y = sheet.paragraph(LEFT + 12, y, line, size=9.5) - 3
    return y


def _draw_signatures(sheet: Sheet, y: float) -> None:
    """Two who destroyed and witnessed; what they are called is written by hand."""
    y = _room(sheet, y, 120)
    with sheet.tag("H2"):
        sheet.text(LEFT, y, "Данные уничтожили и акт составили", BOLD, 11)
    for _ in range(2):
        y -= 38
        with sheet.tag("P"):
            for start, end, caption in (
                (LEFT, 226.0, "должность"),
                (240.0, 330.0, "подпись"),
                (344.0, 470.0, "фамилия, имя, отчество"),
                (484.0, RIGHT, "дата"),
            ):
                sheet.rule(start, y, end, y)
                middle = (start + end - width(caption, SANS, 7.5)) / 2
                sheet.text(middle, y - 9, f"{caption} ", SANS, 7.5, 0.4)


def _room(sheet: Sheet, y: float, wanted: float) -> float:
    """Where to go on: here, or at the top of the next sheet."""
    if y - wanted >= BOTTOM:
        return y
    sheet.next_page()
    return 784.0


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d.%m.%Y %H:%M:%S}"
