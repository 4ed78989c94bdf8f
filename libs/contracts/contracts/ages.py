"""Ages as all services count them, on a calendar day where the family lives."""

from datetime import date


def age_on(day: date, birth_date: date) -> int:
    """Full years; someone born on 29 February has the birthday on 1 March of a common year."""
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return day.year - birth_date.year - (0 if had_birthday else 1)
