"""The application for a certificate: a blank to fill in by hand, or filled in with what is known.

Two sheets: the application with what to bring along, and the consent to data processing, which the
law wants apart from everything else that is signed (152-ФЗ, article 9).
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from documents.drawing.lettering import BOLD, MONO, SANS, fit, printed, width
from documents.drawing.letters import Unprintable
from documents.drawing.sheet import LEFT, RIGHT, Sheet
from documents.on_demand import application_text as words

Applicant = Literal["parent", "student"]
TITLE: Final = "Заявление на получение сертификата дополнительного образования"
VERSION: Final = "application-2"
HEADER = 272.0  # where the lines of who asks whom begin
VALUE = 244.0  # where the lines beside labels begin
_FITS: Final = ((11.5, 1), (10.5, 1), (9.5, 1), (9.0, 2), (8.0, 2), (7.0, 3), (6.0, 3), (5.0, 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationValues:
    """What is filled in; None is left to be filled in by hand. Texts are text, never markup."""

    applicant: Applicant
    organization: str | None = None  # to whom
    parent_name: str | None = field(default=None, repr=False)
    child_name: str | None = field(default=None, repr=False)
    birth_date: date | None = field(default=None, repr=False)
    school: str | None = field(default=None, repr=False)
    number: str | None = None


def render(values: ApplicationValues) -> bytes:
    """The PDF, two sheets of A4.

    A text that the fonts cannot print or the line has no room for is left to be written by hand:
    the paper is useful all the same.
    """
    sheet = Sheet(TITLE)
    sheet.foot = f"{TITLE} · {words.FORM_OF[values.applicant]} · шаблон {VERSION}"
    _draw_header(sheet, values)
    y = _draw_request(sheet, values)
    y = _draw_bring_along(sheet, y - 20, values)
    _draw_for_staff(sheet, y - 18)
    sheet.next_page()
    _draw_consent(sheet, values)
    return sheet.finish()


def _draw_header(sheet: Sheet, values: ApplicationValues) -> None:
    """Who asks whom, with what each line is for below it.

    Names stand in the nominative, as they are known: no word beside them may ask for another case.
    """
    applicant = values.parent_name if values.applicant == "parent" else values.child_name
    rows = (
        ("Организация", values.organization, "наименование уполномоченной организации"),
        ("Заявитель", applicant, words.NAME_OF[values.applicant]),
        ("", None, "документ, удостоверяющий личность: вид, серия, номер"),
        ("", None, "кем и когда выдан"),
        ("", None, "адрес места жительства"),
        ("", None, "телефон, электронная почта"),
    )
    y = 790.0
    for word, value, caption in rows:
        with sheet.tag("P"):
            if word:
                sheet.text(HEADER - 6 - width(word, SANS, 9.5), y, f"{word} ", SANS, 9.5, 0.3)
            _fill_in(sheet, HEADER, RIGHT, y, value)
            sheet.text(_centred(caption, HEADER, RIGHT, 7.5), y - 10, caption, SANS, 7.5, 0.4)
        y -= 34


def _draw_request(sheet: Sheet, values: ApplicationValues) -> float:
    with sheet.tag("H1"):
        sheet.text(_centred("Заявление", LEFT, RIGHT, 17, BOLD), 572, "Заявление ", BOLD, 17)
        line = "на получение сертификата дополнительного образования"
        sheet.text(_centred(line, LEFT, RIGHT, 11.5), 555, line, SANS, 11.5, 0.3)
    with sheet.tag("P"):
        y = sheet.paragraph(LEFT, 530, words.REQUEST[values.applicant], size=10.5)
    known = {
        "name": values.child_name,
        "born": _day(values.birth_date),
        "school": values.school,
        "number": values.number,
    }
    y -= 12
    for key, label in words.FIELDS[values.applicant].items():
        with sheet.tag("P"):
            sheet.text(LEFT, y, f"{label} ", SANS, 9.5, 0.3)
            font = MONO if key == "number" else BOLD
            _fill_in(sheet, VALUE, RIGHT, y, known.get(key), font)
        y -= 27
    with sheet.tag("P"):
        y = sheet.paragraph(LEFT, y - 1, words.DECLARATION[values.applicant], size=9.5)
    return _draw_signature(sheet, y - 15)


def _draw_signature(sheet: Sheet, y: float, who: str = "подпись") -> float:
    """Date, signature, and the name in full; returns where the next thing may begin."""
    with sheet.tag("P"):
        sheet.text(LEFT, y, "« ")
        sheet.rule(LEFT + 7, y - 2.5, LEFT + 31, y - 2.5)
        sheet.text(LEFT + 33, y, "» ")
        sheet.rule(LEFT + 42, y - 2.5, LEFT + 116, y - 2.5)
        sheet.text(LEFT + 119, y, "20 ")
        sheet.rule(LEFT + 131, y - 2.5, LEFT + 148, y - 2.5)
        sheet.text(LEFT + 151, y, "г. ")
        for start, end, caption in (
            (LEFT, LEFT + 160, "дата"),
            (252.0, 362.0, who),
            (378.0, RIGHT, "фамилия, имя, отчество"),
        ):
            if start > LEFT:  # the date has its own three lines
                sheet.rule(start, y - 2.5, end, y - 2.5)
            sheet.text(_centred(caption, start, end, 7.5), y - 11.5, f"{caption} ", SANS, 7.5, 0.4)
    return y - 16


def _draw_bring_along(sheet: Sheet, y: float, values: ApplicationValues) -> float:
    items = words.BRING_ALONG[values.applicant]
    top = y
    with sheet.tag("H2"):
        sheet.text(LEFT + 12, y - 17, words.BRING_ALONG_TITLE, BOLD, 11)
    y -= 34
    with sheet.tag("L"):
        for item in items:
            with sheet.tag("LI"):
                sheet.frame(LEFT + 12, y - 0.5, 7.5, 7.5, thickness=0.7)
                with sheet.tag("LBody"):
                    y = sheet.paragraph(LEFT + 27, y, item, size=9.5, right=RIGHT - 10) - 2
    y += 5
    sheet.frame(LEFT, y, RIGHT - LEFT, top - y, radius=5)
    return y


def _draw_for_staff(sheet: Sheet, y: float) -> None:
    with sheet.tag("P"):
        sheet.text(LEFT, y - 6, "Заполняет сотрудник уполномоченной организации", BOLD, 8.5, 0.3)
    with sheet.tag("P"):
        y -= 27
        sheet.text(LEFT, y, "Документы проверены, заявление принято ", SANS, 9, 0.3)
        for start, end, caption in (
            (252.0, 310.0, "дата"),
            (322.0, 392.0, "подпись"),
            (404.0, RIGHT, "фамилия, инициалы"),
        ):
            sheet.rule(start, y - 2.5, end, y - 2.5)
            sheet.text(_centred(caption, start, end, 7), y - 11, f"{caption} ", SANS, 7, 0.4)


def _draw_consent(sheet: Sheet, values: ApplicationValues) -> None:
    with sheet.tag("H1"):
        sheet.text(_centred("Согласие", LEFT, RIGHT, 17, BOLD), 776, "Согласие ", BOLD, 17)
        line = "на обработку персональных данных"
        sheet.text(_centred(line, LEFT, RIGHT, 11.5), 759, line, SANS, 11.5, 0.3)
    known = {
        "parent": values.parent_name,
        "child": values.child_name,
        "born": _day(values.birth_date),
        "organization": values.organization,
    }
    y = 728.0
    for key, label in words.CONSENT_FIELDS[values.applicant]:
        with sheet.tag("P"):
            sheet.text(LEFT, y, f"{label} ", SANS, 9.5, 0.3)
            _fill_in(sheet, VALUE, RIGHT, y, known.get(key))
        y -= 32
    for paragraph in words.CONSENT[values.applicant]:
        with sheet.tag("P"):
            y = sheet.paragraph(LEFT, y, paragraph, size=10.5) - 6
    y = _draw_signature(sheet, y - 22)
    if values.applicant == "student":
        with sheet.tag("P"):
            y = sheet.paragraph(LEFT, y - 22, words.PARENT_AGREES, size=9.5, gray=0.3)
        _draw_signature(sheet, y - 18, "подпись родителя")


def _fill_in(
    sheet: Sheet, left: float, right: float, y: float, value: str | None, font: str = BOLD
) -> None:
    """A line to write on, with what is known on it."""
    sheet.rule(left, y - 2.5, right, y - 2.5)
    if not value:
        return
    try:
        size, rows = fit(printed(value, font), font, right - left - 4, _FITS)
    except Unprintable:
        return  # left to be written by hand
    for down, row in enumerate([*rows[:-1], f"{rows[-1]} "]):
        up = (len(rows) - 1 - down) * size * 1.05
        sheet.text(left + 2, y + 0.5 + up, row, font, size, 0)


def _centred(text: str, left: float, right: float, size: float, font: str = SANS) -> float:
    return (left + right - width(text, font, size)) / 2


def _day(day: date | None) -> str | None:
    return None if day is None else f"{day.day:02}.{day.month:02}.{day.year:04}"
