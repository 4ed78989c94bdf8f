"""What holds of every drawn document: title, language, tags, fonts inside, nothing personal."""

import io
from typing import Any

import pypdf
import pytest
from documents.drawing.lettering import BOLD, SANS, fit, width, wrap
from documents.drawing.letters import Unprintable
from documents.on_demand import act, application, image
from documents.on_demand.act import render_act

from tests.documents.sheets import an_act, an_application, an_image, boxes


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
]


def opened(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf), strict=True)


@pytest.mark.parametrize(("make", "title", "pages"), SHEETS)
def test_metadata_is_a_title_and_a_language_and_nothing_else(make: Any, title: str, pages: int):
    pdf = make()
    reader = opened(pdf)
    assert reader.metadata == {"/Title": title}
    assert reader.xmp_metadata is None
    assert str(reader.root_object["/Lang"]) == "ru-RU"
    assert reader.root_object["/ViewerPreferences"]["/DisplayDocTitle"]
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
def test_all_text_has_a_tag_or_is_an_artifact(make: Any, title: str, pages: int):
    """Every mark of a page's content has one element in the tree, and that knows the mark."""
    reader = opened(make())
    root = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    tree = root["/StructTreeRoot"]
    told = sorted(marks(tree["/K"], reader))
    owners = tree["/ParentTree"]["/Nums"]
    for place, page in enumerate(reader.pages):
        content = page.get_contents().get_data()
        count = content.count(b"/MCID")
        assert [n for at, n in told if at == place] == list(range(count))
        assert str(page["/StructParents"]) == str(place)
        assert len(owners[2 * place + 1]) == count
        outside = content.count(b"BT ") - count - content.count(b"/Artifact BMC")
        assert outside <= 0


def marks(element: Any, reader: pypdf.PdfReader) -> list[tuple[int, int]]:
    element = element.get_object()
    if "/MCID" in element:
        numbers = [page.indirect_reference.idnum for page in reader.pages]
        return [(numbers.index(element.raw_get("/Pg").idnum), int(element["/MCID"]))]
    return [mark for kid in element["/K"] for mark in marks(kid, reader)]


def roles(pdf: bytes) -> list[str]:
    def walk(element: Any) -> list[str]:
        element = element.get_object()
        if "/S" not in element:
            return []
        return [element["/S"], *(one for kid in element["/K"] for one in walk(kid))]

    return walk(opened(pdf).root_object["/StructTreeRoot"]["/K"])


def test_a_screen_reader_hears_headings_lists_tables_and_what_the_qr_is():
    assert {"/Document", "/H1", "/H2", "/P", "/L", "/LI"} <= {
        *roles(application.render(an_application()))
    }
    assert {"/Table", "/TR", "/TH", "/TD"} <= {*roles(render_act(an_act()))}
    assert "/Figure" in roles(image.pdf(an_image()))
    assert "QR-код".encode("utf-16-be").hex().encode() in image.pdf(an_image())


@pytest.mark.parametrize(("make", "title", "pages"), SHEETS)
def test_nothing_leaves_the_paper(make: Any, title: str, pages: int):
    for left, bottom, right, top in boxes(make()):
        assert left >= 40
        assert right <= 560
        assert bottom >= 20
        assert top <= 822


@pytest.mark.parametrize(("make", "title", "pages"), SHEETS)
def test_the_same_values_give_the_same_bytes(make: Any, title: str, pages: int):
    assert make() == make()


def test_rows_keep_to_their_room_and_lose_nothing():
    text = "одно~слово и ещё " + "длинноеслово" * 9
    rows = wrap(text, SANS, 10, 120)
    assert rows[0] == "одно\xa0слово и ещё"
    assert "".join(rows[1:]) == "длинноеслово" * 9


def test_a_text_without_room_is_refused():
    with pytest.raises(Unprintable):
        fit("слово " * 50, BOLD, 100, ((12, 1), (8, 2)))


DOUBLE = "Константинопольская-Преображенская"
PARTED = ["Константинопольская-", "Преображенская"]


def test_a_word_is_parted_at_its_hyphen_rather_than_cut():
    room = width(DOUBLE, BOLD, 20) - 1
    assert wrap(DOUBLE, BOLD, 20, room) == PARTED
    assert wrap(f"Анна {DOUBLE}", BOLD, 20, room) == ["Анна", *PARTED]


def test_a_text_is_smaller_rather_than_cut_within_a_word():
    room = width(PARTED[0], BOLD, 14) + 1
    assert fit(DOUBLE, BOLD, room, ((20, 5), (17, 5), (14, 2), (11, 4))) == (14, PARTED)


def test_a_word_that_no_size_has_room_for_is_cut_where_a_row_is_full():
    size, rows = fit("А" * 90, BOLD, 100, ((20, 5), (10, 20)))
    assert (size, "".join(rows)) == (10, "А" * 90)
