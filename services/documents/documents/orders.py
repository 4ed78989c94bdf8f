"""What is to be built, and what was built: the values between the parts of this service."""

from datetime import date
from typing import NamedTuple
from uuid import UUID


class Order(NamedTuple):
    """What is to be built. `full_name` is None while the child is not known here."""

    certificate_id: UUID
    child_id: UUID
    document_id: UUID
    number: str
    valid_from: date
    valid_until: date
    issued_on: date
    full_name: str | None


class Built(NamedTuple):
    template_version: str
    sealed_values: bytes
    sealed_key: bytes
    digest: bytes
