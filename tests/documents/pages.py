"""Values of a page, the two ways to make it, and the ways to look at it."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pypdf
import pypdfium2
import pytest
from documents.credentials_page import general
from documents.credentials_page.lines import lines_of
from documents.credentials_page.render import CredentialsValues, render

LONG = "Константинопольская-Преображенская Александра-Виктория Константиновна Ефимовна кызы"


def values(**changed: Any) -> CredentialsValues:
    facts: dict[str, Any] = {
        "number": "785044901646",
        "full_name": "Иванов Игорь Иванович",
        "login": "pfdo-7850449016",
        "password": "Kx7mPq4tRw9nZb",
        "portal_url": "https://78.pfdo.example",
        "valid_from": date(2026, 11, 24),
        "valid_until": date(2034, 3, 1),
        "issued_on": date(2026, 11, 25),
    }
    return CredentialsValues(**facts | changed)


def general_path(version: str, of: CredentialsValues) -> bytes:
    return general.render(version, lines_of(of))


def text_by_pypdf(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf), strict=True).pages
    return " ".join(pages[0].extract_text().split())


def text_by_pdfium(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    page = document[0]
    text_page = page.get_textpage()
    text = str(text_page.get_text_range())
    text_page.close()
    page.close()
    document.close()
    return " ".join(text.split())


READERS: list[Callable[[bytes], str]] = [text_by_pypdf, text_by_pdfium]


def picture(pdf: bytes) -> bytes:
    document = pypdfium2.PdfDocument(pdf)
    page = document[0]
    bitmap = page.render(scale=2, grayscale=True)
    pixels = bytes(bitmap.buffer)
    bitmap.close()
    page.close()
    document.close()
    return pixels


PATHS = [
    pytest.param(render, id="compiled"),
    pytest.param(general_path, id="general"),
]
