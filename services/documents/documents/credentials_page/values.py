"""What a credentials page says, as values; and how a finished one can be wrong."""

from dataclasses import dataclass, field
from datetime import date


class BadDocument(Exception):
    """A finished document does not say what it must; `reason` names the field, never its text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsValues:
    """Everything a page depends on, with the template version. Texts are text, never markup.

    What is personal or secret stays out of `repr`, so that no log or traceback shows it.
    """

    number: str
    full_name: str = field(repr=False)
    login: str = field(repr=False)
    password: str = field(repr=False)
    portal_url: str
    valid_from: date
    valid_until: date
    issued_on: date
