"""The doors for events: state *and* outbox row, or neither, on a real PostgreSQL."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from certificates import store
from chassis import parking
from contracts import Tombstone, topics
from contracts.events import ChildUnlinked

from tests.builders import NOW, TODAY, a_later_user, a_link, a_record, a_request, a_user, an_id


def a_family(child="child", parent="parent"):
    return [
        a_record(a_user(child)),
        a_record(a_user(parent, role="parent", born=None, enrolled=False)),
        a_record(a_link(parent, child)),
    ]


async def said(door) -> list[tuple[str, str]]:
    """(type, key) of each outbox row in order."""
    rows = await door.store.pool.fetch("SELECT key, headers FROM outbox ORDER BY id")
    return [(json.loads(row["headers"])["ce_type"], row["key"]) for row in rows]


async def count(door, table: str) -> int:
    return await door.store.pool.fetchval(f"SELECT count(*) FROM {table}")


async def test_a_request_of_a_linked_parent_becomes_a_certificate_and_an_event(door):
    await door.consume([*a_family(), a_record(a_request())])
    assert await said(door) == [("certificate.issued", str(an_id("child")))]
    row = await door.store.pool.fetchrow("SELECT * FROM certificates")
    assert (row["status"], row["version"]) == ("pending_activation", 1)


async def test_a_request_that_was_lost_does_not_close_the_button_for_ever(door):
    """Its row was written with an event that never came back; ten minutes later one may ask."""
    await door.consume(a_family())
    async with door.store.transaction() as tx:
        await store.open_requests(tx, [a_request(name="lost")])
    for age, kind in (("9 minutes", "certificate.refused"), ("11 minutes", "certificate.issued")):
        await door.store.pool.execute(
            "UPDATE certificate_requests SET requested_at = now() - $1::text::interval"
            " WHERE status = 'pending'", age,
        )  # fmt: skip
        await door.consume([a_record(a_request(name=age))])
        assert (await said(door))[-1][0] == kind


async def test_the_same_record_twice_changes_nothing(door):
    request = a_record(a_request())
    await door.consume([*a_family(), request])
    await door.consume([request])
    assert len(await said(door)) == 1


async def test_the_same_request_in_another_event_changes_nothing(door):
    await door.consume([*a_family(), a_record(a_request()), a_record(a_request())])
    assert len(await said(door)) == 1


async def test_an_id_used_again_for_other_content_is_quarantined(door):
    await door.consume([*a_family(), a_record(a_request(), name="one")])
    await door.consume([a_record(a_request(name="r2"), name="one")])
    assert await count(door, "quarantine") == 1
    assert len(await said(door)) == 1


async def test_two_requests_in_one_batch_give_one_certificate(door):
    records = [a_record(a_request(name=f"r{n}")) for n in range(50)]
    await door.consume([*a_family(), *records])
    kinds = [kind for kind, _ in await said(door)]
    assert kinds == ["certificate.issued"] + ["certificate.refused"] * 49


async def test_two_replicas_at_once_give_one_certificate(door):
    await door.consume(a_family())
    batches = [[a_record(a_request(name=f"r{n}"))] for n in range(8)]
    await asyncio.gather(*(door.consume(batch) for batch in batches))
    kinds = sorted(kind for kind, _ in await said(door))
    assert kinds == ["certificate.issued"] + ["certificate.refused"] * 7


async def test_a_request_before_its_child_waits_and_is_issued_when_the_child_arrives(door):
    await door.consume([a_record(a_request())])
    assert (await count(door, "parked"), await said(door)) == (1, [])
    child, parent, link = a_family()
    await door.consume([link])
    await door.consume([parent])
    await door.consume([child])
    while await parking.try_due(door, 100):
        pass
    assert await count(door, "parked") == 0
    assert await said(door) == [("certificate.issued", str(an_id("child")))]


async def test_a_request_whose_link_never_comes_is_refused_when_time_is_up(door):
    await door.consume([*a_family()[:2], a_record(a_request())])
    await door.store.pool.execute(
        "UPDATE parked SET parked_at = now() - interval '31 s', due_at = now()"
    )
    assert await parking.try_due(door, 100) == 1
    assert await said(door) == [("certificate.refused", str(an_id("child")))]
    row = await door.store.pool.fetchrow("SELECT status, codes FROM certificate_requests")
    assert row["status"] == "refused"
    assert set(row["codes"]) == {"no_linked_child", "child_not_linked"}


async def test_a_request_that_overtook_the_role_of_a_parent_waits_for_it(door):
    """Somebody who was known before has become a parent, was linked, and has pressed at once."""
    child, _, link = a_family()
    before = a_record(a_user("parent", role="staff", born=None, enrolled=False))
    await door.consume([child, before, link, a_record(a_request())])
    assert (await count(door, "parked"), await said(door)) == (1, [])
    since = a_user("parent", role="parent", born=None, enrolled=False, version=2)
    await door.consume([a_record(since)])
    while await parking.try_due(door, 100):
        pass
    assert await said(door) == [("certificate.issued", str(an_id("child")))]


async def test_a_request_of_a_linked_one_who_never_becomes_a_parent_is_refused(door):
    child, _, link = a_family()
    staff = a_record(a_user("parent", role="staff", born=None, enrolled=False))
    await door.consume([child, staff, link, a_record(a_request())])
    await door.store.pool.execute(
        "UPDATE parked SET parked_at = now() - interval '31 s', due_at = now()"
    )
    assert await parking.try_due(door, 100) == 1
    row = await door.store.pool.fetchrow("SELECT status, codes FROM certificate_requests")
    assert (row["status"], row["codes"]) == ("refused", ["child_not_linked"])


async def test_a_link_that_arrives_while_a_request_is_being_parked_is_not_missed(door):
    """A hundred races of request and link, each in a transaction of its own."""
    families = [(f"child {n}", f"parent {n}") for n in range(100)]
    for child, parent in families:
        await door.consume(a_family(child, parent)[:2])
    await asyncio.gather(
        *(
            door.consume([record])
            for child, parent in families
            for record in (
                a_record(a_request(child, parent, name=child)),
                a_record(a_link(parent, child)),
            )
        )
    )
    while await parking.try_due(door, 500):
        pass
    assert await count(door, "parked") == 0
    assert {kind for kind, _ in await said(door)} == {"certificate.issued"}
    assert await count(door, "certificates") == 100


async def test_a_removed_link_closes_the_door(door):
    removed = ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2)
    await door.consume([*a_family(), a_record(removed), a_record(a_request())])
    assert [kind for kind, _ in await said(door)] == ["certificate.refused"]


async def test_a_late_link_does_not_open_a_removed_one(door):
    removed = ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2)
    await door.consume([a_record(removed), *a_family(), a_record(a_request())])
    assert [kind for kind, _ in await said(door)] == ["certificate.refused"]


async def test_an_erased_person_leaves_no_name(door):
    await door.consume(a_family())
    erased = a_record(Tombstone(str(an_id("child"))), topic=topics.IDENTITY_USERS)
    await door.consume([erased])
    row = await door.store.pool.fetchrow("SELECT * FROM people WHERE user_id = $1", an_id("child"))
    assert (row["full_name"], row["birth_date"], row["erased"]) == (None, None, True)


async def test_a_tombstone_where_nothing_is_erased_is_quarantined(door):
    tombstone = a_record(Tombstone("child"), topic=topics.CERTIFICATE_REQUESTS)
    await door.consume([*a_family(), tombstone, a_record(a_request())])
    assert await count(door, "quarantine") == 1
    assert [kind for kind, _ in await said(door)] == ["certificate.issued"]


@pytest.mark.parametrize(
    "requested_at",
    [NOW + timedelta(minutes=6), NOW - timedelta(days=31), datetime(2040, 1, 1, tzinfo=UTC)],
)
async def test_a_request_from_a_clock_that_is_wrong_decides_nothing(door, requested_at):
    """Its day decides ages; when Kafka took the record is known."""
    await door.consume(a_family())
    asked = a_request().model_copy(update={"requested_at": requested_at})
    await door.consume([replace(a_record(asked), timestamp=ms(NOW))])
    assert await said(door) == []
    reason = await door.store.pool.fetchval("SELECT reason FROM quarantine")
    assert reason == "bad_time: requested_at is not when it was written"


@pytest.mark.parametrize("late", [timedelta(days=29), timedelta(minutes=-4)])
async def test_a_request_that_was_long_on_its_way_is_decided_as_of_the_day_it_was_made(door, late):
    await door.consume(a_family())
    await door.consume([replace(a_record(a_request()), timestamp=ms(NOW + late))])
    assert await said(door) == [("certificate.issued", str(an_id("child")))]
    assert await door.store.pool.fetchval("SELECT valid_from FROM certificates") == TODAY


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


async def test_numbers_are_unique_and_well_typed(door):
    records = []
    for n in range(300):
        records += a_family(f"c{n}", f"p{n}")
        records.append(a_record(a_request(f"c{n}", f"p{n}", name=f"n{n}")))
    await door.consume(records)
    rows = await door.store.pool.fetch("SELECT number FROM certificates")
    assert len({row["number"] for row in rows}) == 300


async def test_a_child_asked_for_in_both_lanes_gets_one_certificate(door):
    """The same decision, the same table, the same constraint."""
    bulk = topics.CERTIFICATE_REQUESTS_BULK
    await door.consume(a_family())
    lanes = [[a_record(a_request(name="one"))], [a_record(a_request(name="many"), topic=bulk)]]
    await asyncio.gather(*(door.consume(lane) for lane in lanes))
    kinds = [kind for kind, _ in await said(door)]
    assert sorted(kinds) == ["certificate.issued", "certificate.refused"]


async def test_values_that_only_a_later_release_knows_stop_no_certificate(door):
    _, *parent = a_family()
    await door.consume([a_later_user(), *parent, a_record(a_request())])
    assert await count(door, "quarantine") == 0
    assert await said(door) == [("certificate.issued", str(an_id("child")))]
