"""The only place that reads the clock and draws random ids; everything else is passed them."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4  # noqa: TID251  this is the place
from zoneinfo import ZoneInfo


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  this is the place


def day_in(zone: ZoneInfo, moment: datetime) -> date:
    """The calendar date of `moment` where the family lives."""
    return moment.astimezone(zone).date()


def new_id() -> UUID:
    return uuid4()
