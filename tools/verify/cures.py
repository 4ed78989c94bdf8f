"""Which command of which service mends which gap, and the lines that it is given. Pure but for SQL.

A gap of a check that is not here, or without words for its cure, is healed by nobody: the report
says what to do about it.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from tools.verify import checks
from tools.verify.checks import Check

LINES_MAX: Final = 20_000  # of one command; what is left comes with the next round
SAYS: Final = {
    "certificates.requests.v1": "certificates",
    "certificates.v1": "certificates",
    "documents.v1": "documents",
    "identity.users.v1": "identity",
    "identity.child-links.v1": "identity",
}


class Order(NamedTuple):
    """A command with the settings of a service; the lines go to its standard input."""

    service: str
    words: tuple[str, ...]

    @property
    def is_first(self) -> bool:
        """What was sent is sent again before anything is made anew of it."""
        return "resend" in self.words


RESEND: Final = ("chassis.commands", "outbox", "resend", "--id", "-")


def _resend(_check: Check, service: str, event_id: str) -> tuple[Order, str]:
    return Order(service, RESEND), event_id


def _announce(_check: Check, topic: str, about: str, version: int) -> tuple[Order, str]:
    service = SAYS[topic]
    return Order(service, (f"{service}.heal", "announce")), f"{topic} {about} {version}"


def _hear(service: str, place: str) -> tuple[Order, str]:
    return Order(service, ("chassis.commands", "record", "hear", "-", "--by", service)), place


def _unheard(check: Check, place: str) -> tuple[Order, str]:
    return _hear(check.names["service"], place)


def _unanswered(_check: Check, how: str, place: str, refusal: str | None) -> tuple[Order, str]:
    if how == "hear":
        return _hear("certificates", place)
    return Order(
        "certificates", ("certificates.heal", "answer")
    ), f"{place} {refusal or ''}".strip()


def _documentless(
    _check: Check, certificate: str, place: str | None, said: int
) -> tuple[Order, str]:
    if place is None:
        return _announce(_check, "certificates.v1", certificate, 1)
    if not said:
        return _hear("documents", place)
    return Order("documents", ("documents.heal", "rebuild")), f"{certificate} {place} {said}"


def _outlived(_check: Check, user_id: str) -> tuple[Order, str]:
    return Order("certificates", ("certificates.heal", "end")), user_id


CURES: Final[Mapping[str, Callable[..., tuple[Order, str]]]] = {
    "vanished": _resend,
    "unsaid": _announce,
    "unerased": _announce,
    "unheard": _unheard,
    "unanswered": _unanswered,
    "documentless": _documentless,
    "outlived": _outlived,
}


def orders(evidence: sqlite3.Connection, now_ms: int) -> dict[Order, list[str]]:
    """What is to be done, the sending again first; each line once."""
    found: defaultdict[Order, dict[str, None]] = defaultdict(dict)
    for check in checks.CHECKS:
        for order, line in islice(_of(evidence, check, now_ms), LINES_MAX):
            found[order][line] = None
    return {
        order: list(found[order])
        for order in sorted(found, key=lambda order: (not order.is_first, order))
    }


def _of(evidence: sqlite3.Connection, check: Check, now_ms: int) -> Iterator[tuple[Order, str]]:
    cure = CURES.get(check.lists)
    if cure is not None:
        for _line, *words in checks.gaps(evidence, check, now_ms):
            if words[0] is not None:
                yield cure(check, *words)
