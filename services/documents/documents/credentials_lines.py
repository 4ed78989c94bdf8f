"""The texts of a credentials page, one per field, in the order in which they stand on the page."""

from typing import NamedTuple

from documents.credentials_values import CredentialsValues


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
        validity=f"с {values.valid_from:%d.%m.%Y} по {values.valid_until:%d.%m.%Y} включительно",
        issued=f"{values.issued_on:%d.%m.%Y}",
        portal_url=values.portal_url,
        login=values.login,
        password=values.password,
    )
