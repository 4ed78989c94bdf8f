"""Portal credentials: made here, printed here, kept encrypted, never in an event or a log."""

import json
import secrets
from dataclasses import asdict
from datetime import date
from typing import Final
from uuid import UUID

from chassis.crypto import seal, unseal

from documents.render import CredentialsValues

ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"  # no look-alikes
PASSWORD_LENGTH: Final = 14  # about 81 bits
KEY_BYTES: Final = 32
_DATES: Final = ("valid_from", "valid_until", "issued_on")


def new_password() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(PASSWORD_LENGTH))


def login_of(number: str) -> str:
    """The portal login; unique because the number is."""
    return f"do{number}"


def seal_values(
    master_key: bytes, document_id: UUID, values: CredentialsValues
) -> tuple[bytes, bytes]:
    """(sealed values, sealed data key). Destroying the data key destroys the values."""
    about = document_id.bytes
    data_key = secrets.token_bytes(KEY_BYTES)
    plain = json.dumps(asdict(values), default=date.isoformat, ensure_ascii=False).encode()
    return seal(data_key, plain, about), seal(master_key, data_key, about)


def open_values(
    master_key: bytes, document_id: UUID, sealed_values: bytes, sealed_key: bytes
) -> CredentialsValues:
    """Raises cryptography's InvalidTag for another key, another document or a changed byte."""
    about = document_id.bytes
    fields = json.loads(unseal(unseal(master_key, sealed_key, about), sealed_values, about))
    fields |= {name: date.fromisoformat(fields[name]) for name in _DATES}
    return CredentialsValues(**fields)
