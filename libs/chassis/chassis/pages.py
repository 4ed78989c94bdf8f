"""Bookmarks: where the following page begins, for whoever asks for it; opaque to them."""

import base64
import json
from collections.abc import Callable
from typing import TypeVar

from chassis.problems import Problem

T = TypeVar("T")


def closed(*parts: str | int) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def opened(bookmark: str | None, read: Callable[..., T]) -> T | None:
    """What `read` makes of the parts, None for no bookmark. Raises Problem 422 for other text."""
    if bookmark is None:
        return None
    try:
        return read(*json.loads(base64.urlsafe_b64decode(bookmark.encode())))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Problem(422, "bad_page", "Страница не найдена", "Начните сначала.") from None
