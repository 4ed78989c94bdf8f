"""Erasing a person as an operation: ordered with a reason, confirmed by each service."""

from dataclasses import replace

from chassis.relay import SQL as RELAY
from contracts import Tombstone, topics
from contracts.events import PersonErased
from contracts.ids import user_id
from identity.admin import set_passwords

from tests.builders import NOW, a_record
from tests.doors import bearer, problem, said
from tests.identity.conftest import own_id
from tests.identity.sgo import a_user

CHILD = user_id("1")
ORDER = {"reason": "Отзыв согласия"}


def confirms(service: str, version: int = 2):
    counts = {"person": 1}
    return a_record(
        PersonErased(service=service, user_id=CHILD, version=version, counts=counts, erased_at=NOW)
    )


async def ordered(office, **headers: str) -> dict:
    answer = await office.post(f"/users/{CHILD}/erasure", json=ORDER, headers=headers)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/erasures/{answer.json()['id']}"
    return answer.json()


async def test_a_person_is_erased_with_a_reason_and_a_tombstone_follows(door, office):
    await door.consume([a_record(a_user(login="igor"))])
    await set_passwords(door.store, ["igor right-password"])
    card = await ordered(office)
    assert (card["user_id"], card["reason"], card["state"]) == (
        str(CHILD), "Отзыв согласия", "running",
    )  # fmt: skip
    assert card["ordered_by"] == str(own_id("olga"))
    (own,) = card["confirmations"]
    assert own["service"] == "identity"
    assert own["counts"] == {"person": 1, "password": 1, "outbox_sent": 1, "quarantine": 0}
    assert await door.store.pool.fetchval("SELECT full_name FROM users WHERE user_id = $1", CHILD) \
        is None  # fmt: skip


async def test_it_is_done_when_every_service_has_confirmed(door, office):
    await door.consume([a_record(a_user())])
    card = await ordered(office)
    for service, state in (("certificates", "running"), ("documents", "done")):
        await door.consume([confirms(service), confirms(service)])
        shown = (await office.get(f"/erasures/{card['id']}")).json()
        assert shown["state"] == state
    assert sorted(one["service"] for one in shown["confirmations"]) == [
        "certificates", "documents", "identity",
    ]  # fmt: skip


async def test_a_confirmation_of_an_earlier_erasure_confirms_no_later_one(door, office):
    await door.consume([a_record(a_user())])
    await ordered(office)
    back = a_user(version=2)
    await door.consume([a_record(back, at=NOW.replace(year=2099))])
    card = await ordered(office)
    await door.consume([confirms("certificates"), confirms("documents")])
    assert (await office.get(f"/erasures/{card['id']}")).json()["state"] == "running"


async def test_ordered_again_it_is_the_same_erasure(door, office):
    await door.consume([a_record(a_user())])
    first = await ordered(office)
    assert await ordered(office) == first
    assert [one.kind for one in await said(door.store.pool)] == ["user.registered", "tombstone"]


async def test_the_same_key_erases_nobody_who_came_back(door, office):
    await door.consume([a_record(a_user())])
    first = await ordered(office, **{"Idempotency-Key": "k1"})
    await door.consume([a_record(a_user(version=2), at=NOW.replace(year=2099))])
    assert await ordered(office, **{"Idempotency-Key": "k1"}) == first
    assert (await office.get(f"/users/{CHILD}")).status_code == 200
    await door.consume([a_record(a_user("2"))])
    other = await office.post(
        f"/users/{user_id('2')}/erasure", json=ORDER, headers={"Idempotency-Key": "k1"}
    )
    problem(other, 409, "idempotency_key_reused")


async def test_an_erasure_by_sgo_is_found_by_ordering_it(door, office):
    await door.consume([a_record(a_user()), a_record(Tombstone("1"), topic=topics.SGO_USERS)])
    card = await ordered(office)
    assert (card["ordered_by"], card["reason"]) == (None, "Запись удалена в АИС СГО")


async def test_what_was_said_of_the_person_is_counted_sent_or_not(door, office):
    """It goes with the tombstone: see the relay's tests."""
    pool = door.store.pool
    await door.consume([a_record(a_user())])
    await pool.execute(RELAY["move_to_sent"], [await pool.fetchval("SELECT id FROM outbox")])
    await door.consume([a_record(a_user(version=2)), a_record(a_user("2"))])
    card = await ordered(office)
    assert card["confirmations"][0]["counts"]["outbox_sent"] == 2


async def test_a_record_of_sgo_about_the_person_goes_out_of_quarantine_and_others_stay(
    door, office
):
    await door.consume([a_record(a_user())])
    mine, other = (replace(a_record(a_user(one)), value=b"{") for one in ("1", "2"))
    await door.consume([mine, other])
    card = await ordered(office)
    left = await door.store.pool.fetch("SELECT record_offset FROM quarantine")
    assert [row["record_offset"] for row in left] == [other.offset]
    assert card["confirmations"][0]["counts"]["quarantine"] == 1


async def test_an_order_without_a_reason_is_refused(door, office):
    await door.consume([a_record(a_user())])
    for body in ({}, {"reason": " "}, {"reason": "x" * 301}):
        answer = await office.post(f"/users/{CHILD}/erasure", json=body)
        assert answer.status_code == 422
    assert await door.store.pool.fetchval("SELECT count(*) FROM erasures") == 0


async def test_it_is_not_there_for_anybody_but_an_operator(door, http):
    await door.consume([a_record(a_user()), a_record(Tombstone("1"), topic=topics.SGO_USERS)])
    erasure_id = await door.store.pool.fetchval("SELECT erasure_id FROM erasures")
    parent = bearer("parent", "parent")
    for method, path in (("POST", f"/users/{CHILD}/erasure"), ("GET", f"/erasures/{erasure_id}")):
        problem(await http.request(method, path, json=ORDER, headers=parent), 404, "not_found")
