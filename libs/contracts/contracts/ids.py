"""Ids are derived, not drawn: the same cause gives the same id, so a replay decides the same.

Anyone can compute them: `user_id("4711")` is the id under which identity knows SGO's user 4711.
"""

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
