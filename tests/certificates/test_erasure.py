"""Who is erased leaves no name and no remark of the desk here, and it is said how many went."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from certificates import retold, store
from certificates.retention import RULES
from certificates.settings import Settings
from certificates.store import SQL
from chassis import clock, retention
from chassis.retention import YEARS_3
from contracts import Tombstone, topics
from contracts.ids import verification_token

from tests.builders import AGREED, MOSCOW, NOW, a_link, a_record, a_request, a_user, an_id
from tests.certificates.conftest import a_parent
from tests.doors import WAITING, bearer, problem, said
from tests.waiting import eventually

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
    assert one["counts"] == {"person": 1, "remarks": 1, "quarantine": 0, "consents": 1}
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


async def test_each_consent_for_who_is_erased_ends_at_the_moment_that_the_act_tells(client, town):
    """One that was withdrawn keeps its own time; another child's stands on."""
    await town.consume([a_record(a_parent("father")), a_record(a_link("father", "child"))])
    father, consents = bearer("father", "parent"), f"/children/{an_id('child')}/consents"
    text = {"text_version": AGREED.version}
    assert (await client.post(consents, headers=father, json=text)).status_code == 201
    await client.post(f"{consents}/withdrawal", headers=father)
    before = await consents_of(town)
    await town.consume([erased()])
    (one,) = await confirmed(town)
    assert await consents_of(town) == {
        ("child", "parent"): ("erased", datetime.fromisoformat(one["erased_at"])),
        ("child", "father"): ("erased", before["child", "father"][1]),
        ("sister", "parent"): ("given", None),
    }


async def test_three_years_after_the_erasure_a_consent_that_was_never_withdrawn_is_gone(town):
    await town.consume([erased()])
    after = clock.now() + YEARS_3
    for moment, left in ((after - timedelta(days=1), 2), (after + timedelta(days=1), 1)):
        await retention.tidy(town.store.pool, RULES, moment)
        assert len(await consents_of(town)) == left


async def test_who_agrees_at_the_moment_of_the_erasure_leaves_no_consent_that_stands(client, town):
    """The consent comes before, and ends, or after, and there is no child any more."""
    neighbour, parent = an_id("neighbour"), bearer("neighbours parent", "parent")
    text, address = {"text_version": AGREED.version}, f"/children/{neighbour}/consents"
    async with town.store.transaction() as tx:
        await store.erase_people(tx, {neighbour: Tombstone(str(neighbour), 2)})
        given = asyncio.ensure_future(client.post(address, headers=parent, json=text))
        await eventually(lambda: given.done() or town.store.pool.fetchval(WAITING))
    problem(await given, 404, "not_found")
    assert ("neighbour", "neighbours parent") not in await consents_of(town)


async def test_what_stood_on_after_an_erasure_ends_when_the_service_is_updated(migrated_without):
    pool, go_on = await migrated_without(Settings, "certificates", "0012_ended_consents.sql")
    await pool.execute(
        "INSERT INTO people (user_id, version, erased) VALUES ($1, 1, true), ($2, 1, false)",
        an_id("erased"), an_id("child"),
    )  # fmt: skip
    for child in ("erased", "child"):
        await pool.execute(
            "INSERT INTO consents VALUES ($1, $2, $3, 'certificate', '2026-11', $4)",
            an_id(f"c {child}"), an_id(child), an_id("parent"), NOW,
        )  # fmt: skip
    await go_on()
    rows = await pool.fetch("SELECT child_id, state, withdrawn_at > given_at AS over FROM consents")
    assert {tuple(row) for row in rows} == {
        (an_id("erased"), "erased", True), (an_id("child"), "given", None),
    }  # fmt: skip


async def consents_of(town) -> dict[tuple[str, str], tuple[str, datetime | None]]:
    """By child and by whom: state, and when it ended."""
    people = ("child", "sister", "neighbour", "parent", "father", "neighbours parent")
    names = {an_id(name): name for name in people}
    rows = await town.store.pool.fetch("SELECT * FROM consents")
    return {
        (names[row["child_id"]], names[row["given_by"]]): (row["state"], row["withdrawn_at"])
        for row in rows
    }


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
