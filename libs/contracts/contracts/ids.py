"""Ids are derived, not drawn: the same cause gives the same id, so a replay decides the same.

Anyone can compute them: `user_id("4711")` is the id under which identity knows SGO's user 4711.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha1
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

_ROOT: Final = uuid5(NAMESPACE_URL, "urn:certificates-of-additional-education")
_SGO_USER: Final = uuid5(_ROOT, "sgo-user")
_ROOT_HASHED: Final = sha1(_ROOT.bytes, usedforsecurity=False)
# The version (5) and the variant (RFC 4122) of a UUID, and the bits that they take.
_KIND: Final = 0x5 << 76 | 0x8 << 60
_KIND_BITS: Final = 0xF << 76 | 0xC << 60
# 22 letters hold four bits more than 16 bytes; those are zero, so that an id has one token only.
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")


def user_id(sgo_user_id: str) -> UUID:
    """The user id of an SGO user."""
    return uuid5(_SGO_USER, sgo_user_id)


def derived(cause: UUID | str, purpose: str) -> UUID:
    """An id for what `cause` brings about: one cause and one purpose, always one id.

    `uuid5(_ROOT, …)` in half its time: each certificate takes five.
    """
    hashed = _ROOT_HASHED.copy()
    hashed.update(f"{purpose}:{cause}".encode())
    number = int.from_bytes(hashed.digest()[:16], "big")
    return UUID(int=number & ~_KIND_BITS | _KIND)


def verification_token(certificate_id: UUID) -> str:
    """What stands in a certificate's QR after `/verify/`: 22 letters of base64url, no padding."""
    return urlsafe_b64encode(certificate_id.bytes).rstrip(b"=").decode()


def certificate_of_token(token: str) -> UUID:
    """The certificate id of a verification token. Raises ValueError for any other text."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("is no verification token")
    return UUID(bytes=urlsafe_b64decode(f"{token}=="))
