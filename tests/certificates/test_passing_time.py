"""What the calendar does to stored certificates; the moment is passed in."""

import asyncio
from datetime import datetime, timedelta

import pytest
from certificates.passing_time import pass_time

from tests.builders import MOSCOW, a_record, a_region, a_request, a_user, an_id
from tests.doors import bearer, said


async def ended(town, number) -> datetime:
    """The first moment at which the certificate is no longer valid, where the family lives."""
    last = await town.store.pool.fetchval("SELECT valid_until FROM certificates")
    return datetime(last.year, last.month, last.day, tzinfo=MOSCOW) + timedelta(days=1)


async def kinds(town) -> list[str]:
    return [one.kind for one in await said(town.store.pool)]


async def test_a_certificate_expires_at_midnight_of_the_regions_time_zone(town, number):
    end = await ended(town, number)
    await pass_time(town.store, a_region(), end - timedelta(seconds=1))
    assert "certificate.expired" not in await kinds(town)
    await pass_time(town.store, a_region(), end)
    last = (await said(town.store.pool))[-1]
    assert (last.kind, last.event["status"]) == ("certificate.expired", "expired")
    assert await pass_time(town.store, a_region(), end) == 0


async def test_warnings_are_said_90_30_and_7_days_before_each_once_with_dense_versions(
    town, number
):
    end = await ended(town, number)
    for days in range(100, 0, -1):
        for _ in range(2):
            await pass_time(town.store, a_region(), end - timedelta(days=days))
    events = [one.event for one in await said(town.store.pool)]
    assert [event["days_left"] for event in events[1:]] == [90, 30, 7]
    assert [event["version"] for event in events] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("days_left_at_runs", "warned_at"),
    [
        ((91, 90, 89, 31, 30, 29, 8, 7, 6), [90, 30, 7]),
        ((100, 85, 84, 20, 19, 3, 2), [85, 20, 3]),
        ((100, 15, 14, 5, 4), [15, 5]),
        ((100, 5, 4), [5]),
        ((100,), []),
    ],
)
async def test_a_clock_that_stood_still_warns_late_and_once(
    town, number, days_left_at_runs, warned_at
):
    """Of warnings that were missed together the last is said: two at once would help nobody."""
    end = await ended(town, number)
    for left in days_left_at_runs:
        await pass_time(town.store, a_region(), end - timedelta(days=left + 1))
    expiring = [one.event for one in await said(town.store.pool) if one.kind.endswith("expiring")]
    assert [event["days_left"] for event in expiring] == warned_at


async def test_who_has_given_the_certificate_up_is_not_warned(town, client, number):
    end = await ended(town, number)
    await pass_time(town.store, a_region(), end - timedelta(days=90))
    why = {"reason": "not_needed"}
    path = f"/certificates/{number}/annulment"
    answer = await client.post(path, headers=bearer("parent", "parent"), json=why)
    assert answer.json()["status"] == "annulled"
    for days in (30, 7, 0):
        await pass_time(town.store, a_region(), end - timedelta(days=days))
    assert (await kinds(town))[1:] == ["certificate.expiring", "certificate.annulled"]


async def test_after_the_end_a_new_one_may_be_asked_for_by_who_is_still_a_child(
    town, client, number
):
    await town.store.pool.execute("UPDATE certificates SET valid_until = '2026-11-30'")
    await pass_time(town.store, a_region(), await ended(town, number))
    asked = a_request(name="again")
    await town.consume([a_record(asked)])
    assert (await kinds(town))[-1] == "certificate.issued"
    numbers = await town.store.pool.fetch("SELECT number FROM certificates")
    assert len({row["number"] for row in numbers}) == 2


async def test_of_replicas_that_look_at_once_each_change_is_said_once(town, number):
    names = [f"pupil {n}" for n in range(30)]
    await town.consume([a_record(a_user(name)) for name in names])
    await town.store.pool.execute("UPDATE people SET birth_date = '2011-05-01'")
    asked = [a_request(name, name, role="student", name=name) for name in names]
    await town.consume([a_record(one) for one in asked])
    end = await ended(town, number)
    far = end + timedelta(days=4000)
    await asyncio.gather(*(pass_time(town.store, a_region(), far) for _ in range(4)))
    while await pass_time(town.store, a_region(), far):
        pass
    assert (await kinds(town)).count("certificate.expired") == 31


async def test_what_the_calendar_did_is_journalled_without_an_actor(town, number):
    await pass_time(town.store, a_region(), await ended(town, number))
    row = await town.store.pool.fetchrow("SELECT * FROM journal WHERE action = 'expired'")
    assert (row["actor"], row["actor_id"], row["subject"]) == ("calendar", None, an_id("child"))
