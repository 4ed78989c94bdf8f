"""A credentials page says the right things in the right letters, and nothing else."""

import io
import subprocess
import sys
from typing import Any

import pypdf
import pypdfium2
import pytest
from documents.credentials_page.compile_templates import REPERTOIRE
from documents.credentials_page.render import (
    UnknownTemplate,
    Unprintable,
    check,
    render,
    render_compiled,
)
from documents.drawing.templates import BOLD

from tests.documents.pages import (
    LONG,
    PATHS,
    READERS,
    general_path,
    picture,
    text_by_pdfium,
    text_by_pypdf,
    values,
)

COMPILED_NAMES = [
    pytest.param("Иванова Александра Ивановна", id="russian"),
    pytest.param("Гайнетдинова Гөлчәчәк Җәүдәт кызы Һаҗәр", id="tatar"),
    pytest.param("Ғәйнуллин Ҡаһарман Ҙур улы Ҫәғит Үҙәк", id="bashkir"),
    pytest.param("Ӳҫтерӳҫӗ Нарспи Ҫӗнтӗрӗ Ӑшпи", id="chuvash"),
    pytest.param("Құрманғазы Әйгерім Ұлықбекқызы", id="kazakh"),
    pytest.param("Smith O’Neil (Джон) «мл.» – №2", id="latin and punctuation"),
    pytest.param("Преображенская Константинина Александровна", id="shrunk to one row"),
]
GENERAL_NAMES = [
    pytest.param("Öztürk Şükrü Łukasz", id="letters that only the general path has"),
    pytest.param(LONG, id="two rows"),
    pytest.param("Абвгдежзик" * 9, id="one endless word"),
    pytest.param(f"{LONG} {LONG} {LONG}", id="five rows"),
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("path", PATHS)
def test_a_page_says_who_what_how_long_and_what_to_do(version: str, path: Any, read: Any) -> None:
    """Every value stands on the page, whole and copyable, whichever path made it."""
    text = read(path(version, values()))

    for part in (
        "Сертификат дополнительного образования Учётные данные для входа в АИС ПФДО",
        "Ребёнок Иванов Игорь Иванович Номер сертификата 785044901646",
        "с 24.11.2026 по 01.03.2034 включительно Лист подготовлен 25.11.2026",
        "https://78.pfdo.example Логин pfdo-7850449016 Пароль Kx7mPq4tRw9nZb",
        "«Неактивирован»",
        "лично посетить уполномоченную организацию с подтверждающими документами",
        "на «Активный»",
        "Пароль у вас никто не спросит",
        f"Шаблон {version}",
    ):
        assert part in text


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", COMPILED_NAMES)
def test_names_of_the_regions_peoples_are_printed_letter_by_letter(
    version: str, name: str, read: Any
) -> None:
    """Tatar, Bashkir, Chuvash, Kazakh and other everyday names take the fast path."""
    child = values(full_name=name)

    assert render_compiled(version, child) is not None
    assert f"Ребёнок {name} Номер" in read(render(version, child))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", GENERAL_NAMES)
def test_rare_letters_and_long_names_take_the_general_path(
    version: str, name: str, read: Any
) -> None:
    """A name is never cut off or printed with wrong glyphs: reportlab draws it instead."""
    child = values(full_name=name)
    pdf = render(version, child)

    assert render_compiled(version, child) is None
    assert "".join(f"Ребёнок{name}Номер".split()) in "".join(read(pdf).split())
    check(version, pdf, child)


@pytest.mark.parametrize("name", COMPILED_NAMES)
def test_both_paths_give_the_same_text_and_the_same_picture(version: str, name: str) -> None:
    """Nobody can see which path made a page."""
    child = values(full_name=name)
    fast, slow = render(version, child), general_path(version, child)

    assert fast != slow
    for read in READERS:
        assert read(fast) == read(slow)
    assert picture(fast) == picture(slow)


def test_every_compiled_letter_is_printed_as_itself(version: str) -> None:
    """No letter of the compiled repertoire has another one's glyph or code."""
    letters = [letter for letter in REPERTOIRE[BOLD] if letter != " "]
    for start in range(0, len(letters), 24):
        child = values(full_name="".join(letters[start : start + 24]))
        fast, slow = render(version, child), general_path(version, child)
        assert render_compiled(version, child) is not None
        assert child.full_name in text_by_pypdf(fast)
        assert child.full_name in text_by_pdfium(fast)
        assert picture(fast) == picture(slow)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        pytest.param("Nguyễn Ḫalı", "Nguyen Halı", id="marks that no font has"),
        pytest.param("Андреи\u0306", "Андрей", id="a letter in two code points"),
        pytest.param(" Иванов\u00a0 Игорь\t", "Иванов Игорь", id="other spaces"),
        pytest.param(
            "Ива\u00adнов\u200b Иго\u0301рь", "Иванов Иго\u0301рь", id="unseen characters"
        ),
    ],
)
def test_a_letter_that_no_font_has_loses_its_marks(version: str, name: str, printed: str) -> None:
    """The nearest letter is printed, and the check knows it."""
    child = values(full_name=name)
    pdf = render(version, child)

    assert f"Ребёнок {printed} Номер" in text_by_pdfium(pdf)
    check(version, pdf, child)


@pytest.mark.parametrize(
    ("name", "code_point"),
    [
        ("Илья გიორგი", "U+10D2"),
        ("王小明", "U+738B"),
        ("Иван 🙂", "U+1F642"),
        ("И\x00ван", "U+0000"),
    ],
)
def test_an_unprintable_name_is_refused_by_code_point_and_never_shown(
    version: str, name: str, code_point: str
) -> None:
    """The refusal may be logged: it says which letter and not whose."""
    child = values(full_name=name)

    with pytest.raises(Unprintable, match=code_point.replace("+", r"\+")) as refused:
        render(version, child)
    assert name not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_text_without_room_is_refused(version: str) -> None:
    """A page has a limit, and nothing is cut off silently."""
    for changed in ({"full_name": "Анна " * 200}, {"login": "x" * 120}):
        with pytest.raises(Unprintable, match="longer than the page has room for"):
            render(version, values(**changed))


def test_a_long_name_stays_inside_the_margins(version: str) -> None:
    """The right margin and the number below are never touched."""
    document = pypdfium2.PdfDocument(render(version, values(full_name=f"{LONG} {LONG} {LONG}")))
    page = document[0]
    text_page = page.get_textpage()
    boxes = [text_page.get_rect(n) for n in range(text_page.count_rects())]
    text_page.close()
    page.close()
    document.close()

    assert max(right for _, _, right, _ in boxes) <= 547
    assert min(left for left, _, _, _ in boxes) >= 70


@pytest.mark.parametrize(
    "name",
    [
        "<b>Иван</b> &amp; Ко",
        "(Иван) \\( \\051 Tj",
        "{number} %(login)s $password",
        "<para>Şükrü</para> &lt;",
    ],
)
def test_a_name_that_looks_like_markup_is_printed_literally(version: str, name: str) -> None:
    """Values are text."""
    child = values(full_name=name)
    pdf = render(version, child)

    for read in READERS:
        assert f"Ребёнок {name} Номер" in read(pdf)
    check(version, pdf, child)


@pytest.mark.parametrize("path", PATHS)
def test_metadata_holds_nothing_personal(version: str, path: Any) -> None:
    """A title and a language; no names, dates, programs, file ids. Of XMP, see test_sheets."""
    pdf = path(version, values())
    reader = pypdf.PdfReader(io.BytesIO(pdf), strict=True)

    assert reader.metadata == {"/Title": "Учётные данные для входа в АИС ПФДО"}
    assert str(reader.root_object["/Lang"]) == "ru-RU"
    assert "/ID" not in reader.trailer
    assert b"anonymous" not in pdf
    assert b"ReportLab" not in pdf


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_one_a4_sheet_with_its_fonts_inside(version: str, path: Any) -> None:
    """It prints the same everywhere."""
    reader = pypdf.PdfReader(io.BytesIO(path(version, values())), strict=True)
    (page,) = reader.pages

    assert [round(float(side)) for side in page.mediabox] == [0, 0, 595, 842]
    resources: Any = page["/Resources"]
    fonts = [font.get_object() for font in resources["/Font"].values()]
    assert len(fonts) == 3
    for font in fonts:
        assert "/FontFile2" in font["/FontDescriptor"]
        assert font["/BaseFont"].startswith("/AAAAAA+Certificate")


def test_a_version_that_is_not_here_is_told() -> None:
    """Neither a wrong page nor a wrong file."""
    with pytest.raises(UnknownTemplate):
        render("credentials-0", values())
    with pytest.raises(UnknownTemplate):
        render_compiled("../credentials-1", values())


def test_values_shown_in_a_log_hide_what_is_personal() -> None:
    """`repr` has neither name nor login nor password."""
    shown = repr(values())

    assert "785044901646" in shown
    for secret in ("Иванов", "pfdo-7850449016", "Kx7mPq4tRw9nZb"):
        assert secret not in shown


def test_importing_render_loads_no_drawing_library() -> None:
    """Drawing with reportlab costs a third of a second and 20 MB: only the general path pays."""
    program = "import sys, documents.credentials_page.render; sys.exit('reportlab' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
