"""The act of erasure: what was destroyed, where, when, how and by whom; no names."""

from typing import Any

import pytest
from documents.act import ROWS_MAX, TEXT_MAX, Operator, render_act

from tests.builders import an_id
from tests.documents.sheets import READERS, an_act, boxes, by_pdfium


@pytest.mark.parametrize("read", READERS)
def test_an_act_says_what_was_destroyed_where_when_how_and_by_whom(read: Any):
    (text,) = read(render_act(an_act()))
    for part in (
        "Акт об уничтожении персональных данных",
        str(an_id("act")),
        str(an_id("child")),
        str(an_id("operator")),
        "Требование родителя",
        "Составлен 24.11.2026 12:30:00",
        "documents, таблица credentials",
        "Всего записей: 2",
        "Резервные копии баз: до 24.12.2026.",
        "Данные уничтожили и акт составили",
        "Оператор персональных данных Комитет по образованию",
        "Адрес оператора 123456, г. Пример, ул. Школьная, 1",
        "Обработка по поручению не поручалась",
        "Информационная система Сертификаты дополнительного образования",
    ):
        assert part in text
    for word in ("ключ данных", "удаление ключа"):
        assert word in text


def test_a_long_act_goes_on_with_its_heading_on_every_sheet():
    texts = by_pdfium(render_act(an_act(rows=100)))
    assert len(texts) > 3
    tables = [text for text in texts if "таблица credentials" in text]
    assert all("Что уничтожено" in text for text in tables)
    assert sum(text.count("таблица credentials") for text in texts) == 100
    assert "Всего записей: 200" in texts[-1] + texts[-2]


@pytest.mark.parametrize("rows", range(1, 40))
def test_no_row_and_no_signature_stands_below_the_margin(rows: int):
    for _, bottom, _, _ in boxes(render_act(an_act(rows=rows))):
        assert bottom >= 20


@pytest.mark.parametrize(
    "changes",
    [
        {"destroyed": ()},
        {"destroyed": an_act(rows=ROWS_MAX).destroyed * 2},
        {"reason": ""},
        {"reason": "п" * (TEXT_MAX + 1)},
        {"kept": ("",)},
    ],
)
def test_an_act_of_nothing_or_without_end_is_refused(changes: Any):
    with pytest.raises(ValueError, match=" act has 1 to "):
        an_act(**changes)


def test_markup_in_a_reason_is_text():
    (text,) = by_pdfium(render_act(an_act(reason="<b>Требование</b> &amp; (1) \\")))
    assert "<b>Требование</b> &amp; (1) \\" in text


def test_an_erasure_by_the_school_information_system_has_no_orders_id():
    (text,) = by_pdfium(render_act(an_act(ordered_by=None)))
    assert "По распоряжению АИС СГО" in text


def test_an_act_names_who_worked_with_the_data_on_the_operators_behalf():
    operator = Operator(name="Комитет", address="г. Пример", processor="ООО «Хранение», г. Пример")
    (text,) = by_pdfium(render_act(an_act(operator=operator)))
    assert "Обработка по поручению ООО «Хранение», г. Пример" in text
