"""Who is erased leaves no name and no remark of the desk here, and it is said how many went."""

from dataclasses import replace

from certificates import retold
from certificates.store import SQL
from chassis import clock
from contracts import Tombstone, topics
from contracts.ids import verification_token

from tests.builders import MOSCOW, a_record, a_request, a_user, an_id
from tests.doors import bearer, problem, said

CHECKED = {
    "checked_documents": ["свидетельство II-АБ 123456"],
    "consent": True,
    "comment": "Иванов",
}


def erased(child: str = "child"):
    return a_record(Tombstone(str(an_id(child)), 2), topic=topics.IDENTITY_USERS)


async def confirmed(door) -> list[dict]:
    return [one.event for one in await said(door.store.pool) if one.kind == "person.erased"]


async def test_what_the_desk_wrote_of_the_papers_goes_with_the_name(client, town, number):
    path = f"/certificates/{number}/activation"
    active = await client.post(path, json=CHECKED, headers=bearer("clerk", "staff"))
    assert active.status_code == 200
    await town.consume([erased()])
    row = await town.store.pool.fetchrow("SELECT * FROM changes WHERE kind <> 'annulled'")
    assert (row["comment"], row["checked_documents"]) == ("", [])
    assert (row["kind"], row["actor_id"]) == ("activated", an_id("clerk"))
    assert await town.store.pool.fetchval("SELECT number FROM certificates") == number
    (one,) = await confirmed(town)
    assert one["counts"] == {"person": 1, "remarks": 1, "quarantine": 0}
    assert (one["service"], one["user_id"], one["version"]) == (
        "certificates", str(an_id("child")), 2,
    )  # fmt: skip


async def test_the_living_certificate_of_who_is_erased_is_over_and_everybody_hears_why(
    client, town, number
):
    path = f"/certificates/{number}"
    await client.post(f"{path}/activation", json=CHECKED, headers=bearer("clerk", "staff"))
    await town.consume([erased(), erased("sister")])
    row = await town.store.pool.fetchrow("SELECT * FROM certificates")
    assert (row["status"], row["version"]) == ("annulled", 3)
    (one,) = [one for one in await said(town.store.pool) if one.kind == "certificate.annulled"]
    told = {"number": number, "version": 3, "status": "annulled", "reason": "person_erased"}
    assert one.event == {**(one.event or {}), **told}
    seen = await client.get(f"/verify/{verification_token(row['certificate_id'])}")
    assert (seen.json()["valid"], seen.json()["status"]) == (False, "annulled")
    suspended = await client.post(
        f"{path}/suspension", json={"reason": "moved_away"}, headers=bearer("clerk", "staff")
    )
    problem(suspended, 409, "over")
    (entry,) = await town.store.pool.fetch("SELECT * FROM journal WHERE action = 'annulled'")
    assert (entry["actor"], entry["actor_id"], entry["details"]) == (
        "system",
        None,
        "person_erased",
    )


async def test_what_is_over_already_and_what_an_old_tombstone_means_is_not_annulled(
    client, town, number
):
    why = {"reason": "moved_away"}
    path = f"/certificates/{number}/annulment"
    await client.post(path, json=why, headers=bearer("clerk", "staff"))
    await town.consume([erased()])
    asked = a_request("sister", name="r2").model_copy(update={"requested_at": clock.now()})
    await town.consume([a_record(asked), a_record(a_user("sister", version=3)), erased("sister")])
    statuses = "SELECT status, version FROM certificates ORDER BY status"
    rows = [tuple(row) for row in await town.store.pool.fetch(statuses)]
    assert rows == [("annulled", 2), ("pending_activation", 1)]


async def test_the_annulment_of_who_is_erased_is_told_again_with_the_same_id(town, number):
    await town.consume([erased()])
    told = "SELECT headers::json ->> 'ce_id' FROM outbox WHERE key = $1 ORDER BY id DESC LIMIT 1"
    row = await town.store.pool.fetchrow("SELECT * FROM certificates")
    changes = await town.store.pool.fetch(SQL["changes_of"], row["certificate_id"])
    again = retold.version(row, changes, 2, MOSCOW)
    assert str(again.id) == await town.store.pool.fetchval(told, str(an_id("child")))
    assert (again.event.TYPE, again.event.reason) == ("certificate.annulled", "person_erased")


async def test_that_nothing_was_known_of_a_person_is_said_as_well(door):
    await door.consume([erased("stranger")])
    (one,) = await confirmed(door)
    assert set(one["counts"].values()) == {0}


async def test_an_erasure_older_than_the_state_erases_nothing_and_says_nothing(door):
    await door.consume([a_record(a_user(version=3)), erased()])
    assert await confirmed(door) == []
    assert await door.store.pool.fetchval("SELECT full_name FROM people") is not None


async def test_a_record_about_the_person_goes_out_of_quarantine_and_others_stay(door):
    mine, other = (replace(a_record(a_user(name)), value=b"{") for name in ("child", "other"))
    await door.consume([mine, other])
    await door.consume([erased()])
    left = await door.store.pool.fetch("SELECT record_offset FROM quarantine")
    assert [row["record_offset"] for row in left] == [other.offset]
    assert (await confirmed(door))[0]["counts"]["quarantine"] == 1
