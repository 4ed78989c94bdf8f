"""Look at a credentials PDF as a family does: is the number on it, is there a login?"""

import re
from pathlib import Path
from typing import Final

import pypdfium2

SLOTS: Final = {
    "number": r"Номер сертификата\s+{number}\s",
    "login": r"Логин\s+do{number}\s",
    "password": r"Пароль\s+[0-9A-Za-z]{{14}}\s",
}


class WrongPaper(Exception):
    """The PDF does not say what it must."""


def text_of(pdf: Path) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def check(pdf: Path, number: str) -> None:
    """Raises WrongPaper unless the number, its login and a password stand beside their labels."""
    text = text_of(pdf)
    for what, stands in SLOTS.items():
        if not re.search(stands.format(number=number), text):
            raise WrongPaper(f"the {what} of the certificate {number} is not in its place in {pdf}")
