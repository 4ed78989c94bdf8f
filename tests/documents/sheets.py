"""Example values of the drawn documents, and ways to read what was drawn."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pypdf
import pypdfium2
from documents.on_demand.act import ActValues, Destroyed, Operator
from documents.on_demand.application import ApplicationValues
from documents.on_demand.image import ImageValues

from tests.builders import MOSCOW, an_id
from tests.documents.pages import LONG

TATAR = "Гайнетдинова Гөлчәчәк Җәүдәт кызы Һаҗәр"
NAMES = [
    "Иванов Игорь Иванович",
    TATAR,
    "Ғәйнуллин Ҡаһарман Ҙур улы Ҫәғит Үҙәк",
    "Ӳҫтерӳҫӗ Нарспи Ҫӗнтӗрӗ Ӑшпи",
    "Құрманғазы Әйгерім Ұлықбекқызы",
    "<b>Иван</b> &amp; (Ко) \\",
    LONG,
]
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def an_application(**changes: Any) -> ApplicationValues:
    known: dict[str, Any] = {
        "applicant": "parent",
        "organization": "Центр творчества «Радуга»",
        "parent_name": "Иванова Анна Петровна",
        "child_name": "Иванов Игорь Иванович",
        "birth_date": date(2016, 5, 1),
        "school": "Школа № 1",
        "number": "780000000011",
    }
    return ApplicationValues(**known | changes)


def an_image(**changes: Any) -> ImageValues:
    known: dict[str, Any] = {
        "certificate_id": an_id("certificate"),
        "number": "780000000011",
        "full_name": "Иванов Игорь Иванович",
        "valid_from": date(2026, 11, 24),
        "valid_until": date(2034, 4, 30),
        "public_url": "https://certificates.example",
    }
    return ImageValues(**known | changes)


def an_act(rows: int = 1, **changes: Any) -> ActValues:
    row = Destroyed(
        where="documents, таблица credentials",
        what="ключ данных листа с логином и паролем",
        count=2,
        how="удаление ключа",
        at=AT,
    )
    known: dict[str, Any] = {
        "act_id": an_id("act"),
        "subject_id": an_id("child"),
        "reason": "Требование родителя",
        "ordered_by": an_id("operator"),
        "made_at": AT,
        "zone": MOSCOW,
        "operator": Operator(
            name="Комитет по образованию", address="123456, г. Пример, ул. Школьная, 1"
        ),
        "destroyed": (row,) * rows,
        "kept": ("Резервные копии баз: до 24.12.2026.",),
    }
    return ActValues(**known | changes)


def by_pypdf(pdf: bytes) -> list[str]:
    """The text of each page."""
    pages = pypdf.PdfReader(io.BytesIO(pdf), strict=True).pages
    return [" ".join(page.extract_text().split()) for page in pages]


def by_pdfium(pdf: bytes) -> list[str]:
    texts = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            text_page = page.get_textpage()
            texts.append(" ".join(text_page.get_text_range().split()))
            text_page.close()
            page.close()
    return texts


READERS = [by_pypdf, by_pdfium]


Box = tuple[float, float, float, float]  # left, bottom, right, top


def boxes_of_pages(pdf: bytes) -> list[list[Box]]:
    """Where text stands on each page."""
    found = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            text_page = page.get_textpage()
            found.append([text_page.get_rect(n) for n in range(text_page.count_rects())])
            text_page.close()
            page.close()
    return found


def boxes(pdf: bytes) -> list[Box]:
    """Where text stands on all pages."""
    return [box for page in boxes_of_pages(pdf) for box in page]


def unspaced(text: str) -> str:
    return "".join(text.split())


def grays(pdf: bytes, scale: float = 300 / 72) -> tuple[bytes, tuple[int, int]]:
    """The first page as a printer sees it: gray pixels and their width and height."""
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        bitmap = page.render(scale=scale, grayscale=True)
        picture = bitmap.to_pil().convert("L")
        bitmap.close()
        page.close()
    return picture.tobytes(), picture.size
