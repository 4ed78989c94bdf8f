"""Ids are derived, not drawn: the same cause gives the same id, so a replay decides the same.

Anyone can compute them: `user_id("4711")` is the id under which identity knows SGO's user 4711.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

_ROOT: Final = uuid5(NAMESPACE_URL, "urn:certificates-of-additional-education")
_SGO_USER: Final = uuid5(_ROOT, "sgo-user")


def user_id(sgo_user_id: str) -> UUID:
    """The user id of an SGO user."""
    return uuid5(_SGO_USER, sgo_user_id)


def derived(cause: UUID | str, purpose: str) -> UUID:
    """An id for what `cause` brings about: one cause and one purpose, always one id."""
    return uuid5(_ROOT, f"{purpose}:{cause}")


def verification_token(certificate_id: UUID) -> str:
    """What the QR code of a certificate carries: 22 characters, fit for an address."""
    return urlsafe_b64encode(certificate_id.bytes).decode().rstrip("=")


def verified_id(token: str) -> UUID | None:
    """The certificate that a token names; None for a text that is no token."""
    try:
        raw = urlsafe_b64decode(f"{token}==")
    except ValueError:
        return None
    if len(raw) != 16 or verification_token(certificate := UUID(bytes=raw)) != token:  # noqa: PLR2004
        return None
    return certificate
