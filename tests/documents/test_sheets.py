"""What holds of every drawn document: title, language, tags, fonts inside, nothing personal."""

import io
import itertools
from typing import Any

import pypdf
import pytest
from documents.credentials_page import layout
from documents.credentials_page.render import CURRENT, render
from documents.drawing.lettering import BOLD, SANS, fit, width, wrap
from documents.drawing.letters import Unprintable
from documents.on_demand import act, application, image
from documents.on_demand.act import render_act

from tests.documents.pages import LONG, values
from tests.documents.sheets import TATAR, an_act, an_application, an_image, boxes, boxes_of_pages
from tests.documents.spoken import spoken


def a_blank(applicant: Any) -> bytes:
    return application.render(application.ApplicationValues(applicant=applicant))


SHEETS = [
    pytest.param(lambda: a_blank("parent"), application.TITLE, 2, id="parent, blank"),
    pytest.param(lambda: a_blank("student"), application.TITLE, 2, id="student, blank"),
    pytest.param(lambda: application.render(an_application()), application.TITLE, 2, id="parent"),
    pytest.param(
        lambda: application.render(an_application(applicant="student")),
        application.TITLE,
        2,
        id="student",
    ),
    pytest.param(lambda: image.pdf(an_image()), image.TITLE, 1, id="image"),
    pytest.param(lambda: render_act(an_act(rows=40)), act.TITLE, 3, id="act"),
    pytest.param(lambda: render(CURRENT, values()), layout.TITLE, 1, id="credentials"),
    pytest.param(
        lambda: render(CURRENT, values(full_name=LONG)), layout.TITLE, 1, id="credentials, general"
    ),
]


def opened(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf), strict=True)


@pytest.mark.parametrize(("make", "title", "pages"), SHEETS)
def test_metadata_is_a_title_and_a_language_and_nothing_else(make: Any, title: str, pages: int):
    pdf = make()
    reader = opened(pdf)
    assert reader.metadata == {"/Title": title}
    assert str(reader.root_object["/Lang"]) == "ru-RU"
    assert reader.root_object["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712  not a name
    assert "/ID" not in reader.trailer
    for program in (b"ReportLab", b"anonymous", b"/Creat", b"/Producer"):
        assert program not in pdf


@pytest.mark.parametrize(("make", "title", "pages"), SHEETS)
def test_every_page_is_a4_with_its_fonts_inside(make: Any, title: str, pages: int):
    reader = opened(make())
    assert len(reader.pages) == pages
    for page in reader.pages:
        assert [round(float(side)) for side in page.mediabox] == [0, 0, 595, 842]
        for font in page["/Resources"]["/Font"].values():
            assert "/FontFile2" in font.get_object()["/FontDescriptor"]


@pytest.mark.parametrize(("make", "title", "pages"), SHEETS)
def test_xmp_is_the_title_the_language_and_pdf_ua_and_nothing_else(
    make: Any, title: str, pages: int
):
    metadata = opened(make()).xmp_metadata
    assert metadata is not None
    assert metadata.dc_title == {"x-default": title}
    assert metadata.dc_language == ["ru-RU"]
    (about,) = metadata.rdf_root.getElementsByTagName("rdf:Description")
    said = [node.tagName for node in about.childNodes if node.nodeType == node.ELEMENT_NODE]
    assert said == ["dc:title", "dc:language", "pdfuaid:part"]


@pytest.mark.parametrize(("make", "title", "pages"), SHEETS)
def test_all_text_has_a_tag_or_is_an_artifact(make: Any, title: str, pages: int):
    """Every mark of a page's content has one element in the tree, and each page finds its own."""
    pdf = make()
    reader = opened(pdf)
    root = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert spoken(pdf).role == "Document"
    owners = root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    for place, page in enumerate(reader.pages):
        assert str(page["/StructParents"]) == str(place)
        assert len(owners[2 * place + 1]) == page.get_contents().get_data().count(b"/MCID")


@pytest.mark.parametrize(("make", "title", "pages"), SHEETS)
def test_the_tags_of_every_document_are_told_as_what_they_are(make: Any, title: str, pages: int):
    """What veraPDF asks of PDF/UA-1 beyond the tree: headings, headers of what, figures where."""
    tags = list(spoken(make()).walk())
    headings = [tag.role for tag in tags if tag.role in {"H1", "H2"}]
    assert headings[0] == "H1"
    assert all(tag.attributes["Scope"] in {"/Row", "/Column"} for tag in tags if tag.role == "TH")
    assert all(tag.alt and tag.attributes["BBox"] for tag in tags if tag.role == "Figure")
    for listed in (tag for tag in tags if tag.role == "L" and tag.all_of("Lbl")):
        assert listed.attributes["ListNumbering"] in {"/Decimal", "/Disc"}


def told(pdf: bytes, role: str) -> list[str]:
    return [" ".join(tag.text().split()) for tag in spoken(pdf).all_of(role)]


def test_a_screen_reader_hears_the_credentials_row_by_row_and_then_what_to_do():
    for name in ("Иванов Игорь Иванович", LONG, f"{LONG} {LONG}", "Öztürk Şükrü"):
        pdf = render(CURRENT, values(full_name=name))
        assert told(pdf, "TR") == [
            f"Ребёнок{name}",
            "Номер сертификата785044901646",
            "Срок действияс 24.11.2026 по 01.03.2034 включительно",
            "Лист подготовлен25.11.2026",
            "Адрес порталаhttps://78.pfdo.example",
            "Логинpfdo-7850449016",
            "ПарольKx7mPq4tRw9nZb",
        ]
        assert told(pdf, "TH")[0] == "Ребёнок"
        assert told(pdf, "Lbl") == ["1", "2", "3", "4"]
        steps = [step.replace("~", " ") for step in layout.STEPS]
        assert told(pdf, "LBody") == steps
        outline = [kid.role for kid in spoken(pdf).kids]
        assert outline == ["H1", "P", "Table", "H2", "L", "P", "P"]


def test_a_screen_reader_hears_every_value_of_an_image_and_what_the_qr_is():
    pdf = image.pdf(an_image(full_name=TATAR))
    said = told(pdf, "P")
    assert said[:3] == [
        "Номер 780000000011",
        f"Выдан {TATAR}",
        "Срок действия с 24.11.2026 по 30.04.2034 включительно",
    ]
    (figure,) = spoken(pdf).all_of("Figure")
    assert figure.alt.startswith("QR-код с адресом проверки")
    assert said[3].startswith("Действует ли сертификат сейчас, покажет этот QR-код или адрес: http")


def test_a_screen_reader_hears_who_asks_for_what_in_a_filled_in_application():
    pdf = application.render(an_application(child_name=LONG))
    said = told(pdf, "P")
    for line in (
        "Организация Центр творчества «Радуга» наименование уполномоченной организации",
        "Заявитель Иванова Анна Петровна родитель (законный представитель): фамилия, имя, отчество",
        f"Ребёнок (фамилия, имя, отчество) {LONG}",
        "Дата рождения 01.05.2016",
        "« » 20 г. дата подпись фамилия, имя, отчество",
    ):
        assert line in said
    assert told(pdf, "H1") == [
        "Заявление на получение сертификата дополнительного образования",
        "Согласие на обработку персональных данных",
    ]
    assert len(told(pdf, "LI")) == 6


def test_the_heading_of_a_long_table_is_read_once():
    """It is printed on each sheet; read there again it would be one more row."""
    pdf = render_act(an_act(rows=40))
    assert told(pdf, "TH") == ["Где", "Что уничтожено", "Записей", "Когда и как"]
    rows = told(pdf, "TR")
    assert len(rows) == 1 + 40
    assert rows[1].startswith("documents, таблица credentials")
    assert told(pdf, "LI") == ["·Резервные копии баз: до 24.12.2026."]


@pytest.mark.parametrize(("make", "title", "pages"), SHEETS)
def test_nothing_leaves_the_paper(make: Any, title: str, pages: int):
    for left, bottom, right, top in boxes(make()):
        assert left >= 40
        assert right <= 560
        assert bottom >= 20
        assert top <= 822


LONGEST = f"{LONG} {LONG}"
SCHOOL = " ".join(["Муниципальное бюджетное общеобразовательное учреждение"] * 4)


@pytest.mark.parametrize("applicant", ["parent", "student"])
def test_no_row_touches_another_however_long_the_names(applicant: Any):
    filled = an_application(
        applicant=applicant, organization=SCHOOL, school=SCHOOL, child_name=LONGEST,
        parent_name=LONGEST,
    )  # fmt: skip
    of_pages = boxes_of_pages(application.render(filled))
    of_pages += boxes_of_pages(image.pdf(an_image(full_name=LONGEST)))
    of_pages += boxes_of_pages(render(CURRENT, values(full_name=f"{LONGEST} {LONG}")))
    for rows in of_pages:
        for one, other in itertools.combinations(rows, 2):
            beside = min(one[2], other[2]) - max(one[0], other[0]) <= 0
            apart = max(one[1], other[1]) - min(one[3], other[3])
            assert beside or apart > 0.5


@pytest.mark.parametrize(("make", "title", "pages"), SHEETS)
def test_the_same_values_give_the_same_bytes(make: Any, title: str, pages: int):
    assert make() == make()


def test_rows_keep_to_their_room_and_lose_nothing():
    text = "одно~слово и ещё " + "длинноеслово" * 9
    rows = wrap(text, SANS, 10, 120)
    assert rows[0] == "одно\xa0слово и ещё "
    assert "".join(rows[1:]) == "длинноеслово" * 9


def test_a_text_without_room_is_refused():
    with pytest.raises(Unprintable):
        fit("слово " * 50, BOLD, 100, ((12, 1), (8, 2)))


DOUBLE = "Константинопольская-Преображенская"
PARTED = ["Константинопольская-", "Преображенская"]


def test_a_word_is_parted_at_its_hyphen_rather_than_cut():
    room = width(DOUBLE, BOLD, 20) - 1
    assert wrap(DOUBLE, BOLD, 20, room) == PARTED
    assert wrap(f"Анна {DOUBLE}", BOLD, 20, room) == ["Анна ", *PARTED]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("сведения о человеке", ["сведения ", "о человеке"]),
        ("Кремлёвская, дом 9", ["Кремлёвская, ", "дом 9"]),
        ("оператором ещё 30 дней", ["оператором ещё ", "30 дней"]),
    ],
)
def test_no_row_ends_after_a_preposition_or_between_a_number_and_its_word(
    text: str, rows: list[str]
):
    greedy = text.rsplit(" ", 1)[0]
    assert wrap(text, SANS, 10, width(greedy, SANS, 10) + 1) == rows


def test_a_text_is_smaller_rather_than_cut_within_a_word():
    room = width(PARTED[0], BOLD, 14) + 1
    assert fit(DOUBLE, BOLD, room, ((20, 5), (17, 5), (14, 2), (11, 4))) == (14, PARTED)


def test_a_word_that_no_size_has_room_for_is_cut_where_a_row_is_full():
    size, rows = fit("А" * 90, BOLD, 100, ((20, 5), (10, 20)))
    assert (size, "".join(rows)) == (10, "А" * 90)
