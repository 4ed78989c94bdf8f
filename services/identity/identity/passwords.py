"""DECISION: which passwords are good enough, and how one is made. Pure but for the dice."""

import secrets
from datetime import timedelta
from typing import Final

LENGTH_MIN: Final = 8
DIFFERENT_MIN: Final = 4
ONE_TIME_VALID: Final = timedelta(days=7)
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # without look-alikes: it is read from paper
_PLAIN: Final = ("123456789012", "qwertyuiop", "йцукенгшщз", "password", "пароль", "abcdefgh")


def weaknesses(password: str, login: str | None, old: str | None = None) -> list[str]:
    """Codes of the rules that a new password breaks."""
    folded = password.casefold()
    checks = {
        "too_short": len(password) < LENGTH_MIN,
        "too_plain": len(set(folded)) < DIFFERENT_MIN
        or any(folded in plain or folded.strip("0123456789!") in plain for plain in _PLAIN),
        "same_as_old": password == old,
        "holds_login": bool(login) and (login or "").casefold() in folded,
    }
    return [code for code, broken in checks.items() if broken]


def one_time() -> str:
    """Twelve letters and digits, 59 bits: to be typed once."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))
