"""The texts of a credentials page, one per field, in the order in which they stand on the page."""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from documents.credentials_page.values import CredentialsValues


class Lines(NamedTuple):
    full_name: str
    number: str
    validity: str
    issued: str
    portal_url: str
    login: str
    password: str


def lines_of(values: CredentialsValues) -> Lines:
    """What will be printed, before letters that the fonts lack are replaced."""
    return Lines(
        full_name=" ".join(values.full_name.split()),
        number=values.number,
        validity=f"с {_day(values.valid_from)} по {_day(values.valid_until)} включительно",
        issued=_day(values.issued_on),
        portal_url=values.portal_url,
        login=values.login,
        password=values.password,
    )


@lru_cache(maxsize=10_000)  # a day is not personal, and strftime is a fifth of a page's time
def _day(day: date) -> str:
    return f"{day.day:02}.{day.month:02}.{day.year:04}"
