"""Certificate numbers: region code (2), nine digits that reveal no order or count, a check digit.

A serial from the database is permuted under a key (a Feistel network over 10^4 x 10^5), so each
serial gives one number and no two give the same: unique without ever trying again.
"""

from functools import lru_cache
from hashlib import blake2b
from struct import Struct

_LEFT, _RIGHT = 10**4, 10**5
SERIALS = _LEFT * _RIGHT
_ROUNDS = 6
_TURN = Struct(">BI")


def make(region_code: str, key: bytes, serial: int) -> str:
    """The number of the `serial`-th certificate (0 <= serial < 10^9): 12 digits."""
    body = f"{region_code}{permute(key, serial):09d}"
    return body + check_digit(body)


def permute(key: bytes, serial: int) -> int:
    """A bijection of 0 … 10^9-1 that looks random to whoever does not have the key."""
    assert 0 <= serial < SERIALS
    left, right = divmod(serial, _RIGHT)
    for turn in range(_ROUNDS):
        if turn % 2 == 0:
            left = (left + _mix(key, turn, right)) % _LEFT
        else:
            right = (right + _mix(key, turn, left)) % _RIGHT
    return left * _RIGHT + right


def check_digit(body: str) -> str:
    """ISO 7064 MOD 11,10: finds every single wrong digit and nearly every swap of neighbours."""
    rest = 10
    for digit in body:
        rest = (rest + int(digit)) % 10 or 10
        rest = rest * 2 % 11
    return str((11 - rest) % 10)


def is_well_typed(number: str) -> bool:
    """Whether the check digit of a 12-digit number is right."""
    return len(number) == 12 and number.isdecimal() and check_digit(number[:-1]) == number[-1]  # noqa: PLR2004


def _mix(key: bytes, turn: int, half: int) -> int:
    keyed = _keyed(key).copy()
    keyed.update(_TURN.pack(turn, half))
    return int.from_bytes(keyed.digest(), "big")


@lru_cache(maxsize=4)
def _keyed(key: bytes) -> blake2b:
    return blake2b(key=key, digest_size=8)
