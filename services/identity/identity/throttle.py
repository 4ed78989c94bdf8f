"""DECISION: how long somebody who guesses passwords must wait. Pure (ADR 11).

A try is counted before the password is looked at, and forgiven when it was right: a thousand
guesses at once are counted like a thousand guesses in a row.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Final

FORGOTTEN_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """`free` wrong tries cost nothing; then each doubles the wait, up to `wait_s_max`."""

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
    """Wrong ones so far, the last of them, and from when the next is let in."""

    count: int
    last_at: datetime
    open_at: datetime


def subjects(key: bytes, login: str, address: str) -> dict[str, bytes]:
    """What is counted, by rule: digests, since a login and an address are personal data."""
    account, network = login.lower(), _network(address)
    named = {
        "account at address": f"{account}\n{network}",
        "account": account,
        "address": network,
    }
    return {
        rule: blake2b(f"{rule}\n{name}".encode(), key=key, digest_size=16).digest()
        for rule, name in named.items()
    }


def _network(address: str) -> str:
    """An IPv6 household has 2^64 addresses: its network counts as one."""
    try:
        if ip_address(address).version == 6:  # noqa: PLR2004
            return str(ip_network(f"{address}/64", strict=False))
    except ValueError:
        pass
    return address


def wait_s(known: Tries | None, at: datetime) -> int:
    """Seconds until the next try is let in; 0: now."""
    if known is None or known.open_at <= at:
        return 0
    return ceil((known.open_at - at).total_seconds())


def count(rule: Rule, known: Tries | None, at: datetime) -> Tries:
    """One more try."""
    if known is None or at - known.last_at > FORGOTTEN_AFTER:
        known = Tries(0, at, at)
    tries = known.count + 1
    return Tries(tries, at, at + timedelta(seconds=_pause_s(rule, tries)))


def forgive(rule: Rule, known: Tries) -> Tries:
    """The last try was right after all."""
    tries = max(known.count - 1, 0)
    opened = known.last_at if tries <= rule.free else known.open_at
    return Tries(tries, known.last_at, opened)


def _pause_s(rule: Rule, tries: int) -> int:
    over = tries - rule.free
    return 0 if over <= 0 else min(2 ** min(over - 1, 20), rule.wait_s_max)
