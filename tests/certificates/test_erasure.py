"""Who is erased leaves no name and no remark of the desk here, and it is said how many went."""

from dataclasses import replace

from contracts import Tombstone, topics

from tests.builders import a_record, a_user, an_id
from tests.doors import bearer, said

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
    row = await town.store.pool.fetchrow("SELECT * FROM changes")
    assert (row["comment"], row["checked_documents"]) == ("", [])
    assert (row["kind"], row["actor_id"]) == ("activated", an_id("clerk"))
    assert await town.store.pool.fetchval("SELECT number FROM certificates") == number
    (one,) = await confirmed(town)
    assert one["counts"] == {"person": 1, "remarks": 1, "quarantine": 0}
    assert (one["service"], one["user_id"], one["version"]) == (
        "certificates", str(an_id("child")), 2,
    )  # fmt: skip


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
