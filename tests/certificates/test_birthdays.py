"""The 14th and the 18th birthday at the doors; the moment is passed in."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from certificates.passing_time import pass_time
from contracts.ids import verification_token

from tests.builders import MOSCOW, a_user, an_id
from tests.certificates.test_who_may import CHECKED, TOO_YOUNG, ask, see
from tests.doors import said

SECOND = timedelta(seconds=1)
ZONES = [MOSCOW, ZoneInfo("Europe/Kaliningrad"), ZoneInfo("Asia/Kamchatka")]
in_each_zone = pytest.mark.parametrize("zone", ZONES, ids=str)
by_birth_date = pytest.mark.parametrize(
    ("born", "at_14", "at_18"),
    [
        (date(2012, 11, 25), date(2026, 11, 25), date(2030, 11, 25)),
        (date(2012, 1, 1), date(2026, 1, 1), date(2030, 1, 1)),
        (date(2012, 2, 28), date(2026, 2, 28), date(2030, 2, 28)),
        (date(2012, 2, 29), date(2026, 3, 1), date(2030, 3, 1)),
    ],
)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


async def with_a_teen(settled, zone, born):
    """A town of this time zone, whose teen was born on this day."""
    town = await settled(zone=zone)
    await town.hears(a_user("teen", born=born, version=2))
    return town


async def certificate_of(town, child) -> dict:
    page = await town.calls("parent", "GET", f"/children/{an_id(child)}/certificate")
    return page.json()["certificate"]


@in_each_zone
@by_birth_date
async def test_the_14th_birthday_opens_the_students_own_button_at_midnight(
    settled, zone, born, at_14, at_18
):
    town, first = await with_a_teen(settled, zone, born), midnight(at_14, zone)
    town.at(first - SECOND)
    assert await see(town, "teen", "teen") == TOO_YOUNG
    assert await ask(town, "teen", "teen") == f"refused: {TOO_YOUNG}"
    town.at(first)
    assert await see(town, "teen", "teen") == "the button"
    assert await ask(town, "teen", "teen") == "issued"


@in_each_zone
@by_birth_date
async def test_the_18th_birthday_ends_the_certificate_and_the_button(
    settled, zone, born, at_14, at_18
):
    town, first = await with_a_teen(settled, zone, born), midnight(at_18, zone)
    town.at(first - timedelta(days=400))
    assert await ask(town, "teen", "teen") == "issued"
    issued = await certificate_of(town, "teen")
    assert issued["valid_until"] == (at_18 - timedelta(days=1)).isoformat()
    path = f"/certificates/{issued['number']}/activation"
    assert (await town.calls("clerk", "POST", path, json=CHECKED)).status_code == 200
    verify = f"/verify/{verification_token(UUID(issued['id']))}"

    town.at(first - SECOND)
    assert (await town.calls("nobody", "GET", verify)).json()["valid"]
    await pass_time(town.door.store, town.doors.region, first - SECOND)
    assert "certificate.expired" not in [one.kind for one in await said(town.pool)]

    town.at(first)
    assert not (await town.calls("nobody", "GET", verify)).json()["valid"]
    await pass_time(town.door.store, town.doors.region, first)
    (expired,) = [one for one in await said(town.pool) if one.kind == "certificate.expired"]
    assert expired.event["certificate_id"] == issued["id"]
    assert (await certificate_of(town, "teen"))["status"] == "expired"
    for who in ("teen", "parent"):
        assert await see(town, who, "teen") == "age_out_of_range"
        assert await ask(town, who, "teen") == "refused: age_out_of_range"
