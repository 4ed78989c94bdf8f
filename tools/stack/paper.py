"""Look at a credentials PDF as a family does: is the number on it, is there a login?"""

from pathlib import Path

import pypdfium2


class WrongPaper(Exception):
    """The PDF does not say what it must."""


def text_of(pdf: Path) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def check(pdf: Path, number: str) -> None:
    """Raises WrongPaper unless the number, a login and a password are on it."""
    text = text_of(pdf)
    digits = "".join(text.split())
    if number not in digits:
        raise WrongPaper(f"the number {number} is not in {pdf}")
    for word in ("логин", "пароль"):
        if word not in text.lower():
            raise WrongPaper(f"there is no {word} in {pdf}")
