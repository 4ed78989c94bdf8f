"""Portal credentials: made here, printed here, kept encrypted, never in an event or a log."""

import json
import secrets
from datetime import date
from typing import Final
from uuid import UUID

from chassis.crypto import seal, unseal
from pydantic_core import to_json

from documents.credentials_page.render import CredentialsValues

ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"  # no look-alikes
PASSWORD_LENGTH: Final = 14  # about 81 bits
KEY_BYTES: Final = 32
_DATES: Final = ("valid_from", "valid_until", "issued_on")
_UNFAIR: Final = bytes(range(256 - 256 % len(ALPHABET), 256))
_LETTER_OF_BYTE: Final = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))


def new_password() -> str:
    """14 letters that nobody can guess."""
    letters = ""
    while len(letters) < PASSWORD_LENGTH:
        letters += letters_of(secrets.token_bytes(2 * PASSWORD_LENGTH))
    return letters[:PASSWORD_LENGTH]


def letters_of(random: bytes) -> str:
    """A letter for each byte, all equally likely: bytes that would favour some are dropped."""
    return random.translate(_LETTER_OF_BYTE, _UNFAIR).decode()


def login_of(number: str) -> str:
    """The portal login; unique because the number is."""
    return f"do{number}"


def seal_values(
    master_key: bytes, document_id: UUID, values: CredentialsValues
) -> tuple[bytes, bytes]:
    """(sealed values, sealed data key). Destroying the data key destroys the values."""
    about = document_id.bytes
    data_key = secrets.token_bytes(KEY_BYTES)
    return seal(data_key, to_json(values), about), seal(master_key, data_key, about)


def open_values(
    master_key: bytes, document_id: UUID, sealed_values: bytes, sealed_key: bytes
) -> CredentialsValues:
    """Raises cryptography's InvalidTag for another key, another document or a changed byte."""
    about = document_id.bytes
    known = json.loads(unseal(unseal(master_key, sealed_key, about), sealed_values, about))
    known |= {name: date.fromisoformat(known[name]) for name in _DATES}
    return CredentialsValues(**known)
