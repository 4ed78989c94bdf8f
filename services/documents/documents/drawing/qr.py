"""The QR of a certificate: the address where anybody sees whether it is valid now."""

from functools import lru_cache
from typing import Final
from uuid import UUID

import segno
from contracts.ids import verification_token

QUIET_ZONE: Final = 4  # modules of white around, as ISO/IEC 18004 asks


def verification_address(public_url: str, certificate_id: UUID) -> str:
    return f"{public_url.rstrip('/')}/verify/{verification_token(certificate_id)}"


@lru_cache(maxsize=256)
def modules(address: str) -> tuple[bytes, ...]:
    """Rows of modules without the white around, 1 is black; a quarter of it may be damaged."""
    return tuple(bytes(row) for row in segno.make_qr(address, error="q").matrix)
