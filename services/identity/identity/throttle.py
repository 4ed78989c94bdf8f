"""DECISION: how long somebody who guesses passwords must wait. Pure (ADR 11).

Only a wrong one counts, in a leaky bucket: as many as are free leak away in an hour, whatever right
ones come between. Those that are being looked at may all turn out wrong: so no more are let
in at once than could be wrong without a wait, and the others wait for an outcome. A thousand
guesses at once are a thousand guesses in a row, and a thousand right ones are all right.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from math import ceil
from typing import Final

LEAK_IN: Final = timedelta(hours=1)  # as many as are free
OVER_MAX: Final = 11  # then a bucket is full, and no rule's wait grows: 2 ** 10 s
LOOKED_AT_WITHIN: Final = timedelta(seconds=30)  # then whoever looked at it has died


@dataclass(frozen=True, slots=True)
class Rule:
    """`free` wrong tries an hour cost nothing; then each doubles the wait, up to `wait_s_max`."""

    free: int
    wait_s_max: int


# A school's children share an address; an owner must not be locked out for long by a stranger.
RULES: Final = {
    "account at address": Rule(5, 900),
    "account": Rule(20, 60),
    "address": Rule(100, 900),
}


@dataclass(frozen=True, slots=True)
class Tries:
    """What is in the bucket since the last was let in; those being looked at; when the next is."""

    count: float
    in_flight: int
    last_at: datetime
    open_at: datetime

    @property
    def is_nothing(self) -> bool:
        return not self.count and not self.in_flight


def subjects(key: bytes, login: str, network: str) -> dict[str, bytes]:
    """What is counted, by rule: digests, since a login and an address are personal data."""
    account = login.lower()
    named = {
        "account at address": f"{account}\n{network}",
        "account": account,
        "address": network,
    }
    return {
        rule: blake2b(f"{rule}\n{name}".encode(), key=key, digest_size=16).digest()
        for rule, name in named.items()
    }


def wait_s(known: Tries | None, at: datetime) -> int:
    """Seconds until the next try is let in; 0: now."""
    if known is None or known.open_at <= at:
        return 0
    return ceil((known.open_at - at).total_seconds())


def let_in(rule: Rule, known: Tries | None, at: datetime) -> Tries | None:
    """With one more being looked at; None: it has to wait for the outcome of an earlier one.

    `at` may lie before the last: each reads the clock before it has the lock, and clocks differ.
    """
    known = known or Tries(0, 0, at, at)
    at = max(at, known.last_at)
    since = at - known.last_at
    count = max(known.count - rule.free * (since / LEAK_IN), 0)
    in_flight = known.in_flight if since <= LOOKED_AT_WITHIN else 0
    if in_flight and count + in_flight > rule.free:
        return None
    return Tries(count, in_flight + 1, at, known.open_at)


def wrong(rule: Rule, known: Tries, at: datetime) -> Tries:
    """One that was looked at was wrong."""
    known = taken_back(known)
    tries = min(known.count + 1, rule.free + OVER_MAX)
    return replace(known, count=tries, open_at=at + timedelta(seconds=_pause_s(rule, tries)))


def taken_back(known: Tries) -> Tries:
    """One that was looked at was right, or could not be looked at: it is as if it had not been."""
    return replace(known, in_flight=max(known.in_flight - 1, 0))


def start_anew(known: Tries) -> Tries:
    """One that was looked at was right, and nothing before it counts any more."""
    return replace(taken_back(known), count=0, open_at=known.last_at)


def _pause_s(rule: Rule, tries: float) -> int:
    over = ceil(tries) - rule.free
    return 0 if over <= 0 else min(2 ** (over - 1), rule.wait_s_max)
