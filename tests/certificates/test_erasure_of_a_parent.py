"""With a parent's data end the consents that this parent gave; the child's certificate stays."""

import asyncio
from datetime import datetime

import pytest
from certificates import erasing, reasons, store, withdrawals
from certificates.settings import Settings
from chassis import clock
from contracts import Tombstone
from contracts.events import ChildUnlinked

from tests.builders import AGREED, NOW, a_link, a_record, an_id
from tests.certificates.conftest import a_parent
from tests.certificates.test_consent import hear_of_the_presses
from tests.certificates.test_erasure import confirmed, consents_of, erased
from tests.doors import WAITING, bearer, problem, said
from tests.waiting import eventually

PARENT, CHILD = bearer("parent", "parent"), an_id("child")
ASK = f"/children/{CHILD}/certificate-requests"
GIVE = f"/children/{CHILD}/consents"
TEXT = {"text_version": AGREED.version}
MINE = "0013_consents_of_who_is_erased.sql"


async def test_each_consent_that_the_erased_parent_gave_waits_for_a_decision_about_the_child(
    town, settings_for
):
    """As after a withdrawal: the operator decides whether the child's data may stay."""
    await town.consume([erased("parent")])
    (one,) = await confirmed(town)
    ended = ("withdrawn", datetime.fromisoformat(one["erased_at"]))
    assert await consents_of(town) == {("child", "parent"): ended, ("sister", "parent"): ended}
    assert one["counts"]["consents"] == 2
    lines = await withdrawals.run(withdrawals.arguments_of(["list"]), settings_for(Settings))
    assert len(lines) == 2
    assert all(f"given by {an_id('parent')}, who is erased" in line for line in lines)


async def test_the_certificate_of_the_child_stays_and_the_family_sees_why_the_consent_ended(
    client, town, number
):
    await town.consume([a_record(a_parent("father")), a_record(a_link("father", "child"))])
    await town.consume([erased("parent")])
    assert await town.store.pool.fetchval("SELECT status FROM certificates") == "pending_activation"
    path, father = f"/certificates/{number}/history", bearer("father", "parent")
    seen = (await client.get(path, headers=father)).json()["items"]
    told = [(one["action"], one["actor"], one["details"]) for one in seen]
    assert ("consent_ended", "system", reasons.GIVER_ERASED) in told


async def test_what_the_erased_parent_asked_for_and_is_not_decided_is_refused(client, town):
    """Though its event comes afterwards; a request of the school is decided as before."""
    assert (await client.post(ASK, headers=PARENT)).status_code == 202
    await client.post(ASK, headers=bearer("schoolmaster", "staff"))
    await town.consume([erased("parent")])
    await hear_of_the_presses(town)
    answers = [one for one in await said(town.store.pool) if one.topic == "certificates.v1"]
    assert [one.kind for one in answers] == ["certificate.refused", "certificate.issued"]
    assert answers[0].event["codes"] == ["consent_withdrawn"]


async def test_another_parents_consent_stands_on(client, town):
    await town.consume([a_record(a_parent("father")), a_record(a_link("father", "child"))])
    father = bearer("father", "parent")
    assert (await client.post(GIVE, headers=father, json=TEXT)).status_code == 201
    await town.consume([erased("parent")])
    assert (await consents_of(town))["child", "father"] == ("given", None)
    assert (await client.post(ASK, headers=father)).status_code == 202


async def test_a_parent_whose_duplicate_was_merged_agrees_anew_and_the_operator_is_told_of_it(
    client, town, settings_for
):
    """A merge looks like an erasure here: what the duplicate agreed to ended with it."""
    survivor = bearer("survivor", "parent")
    await town.consume([a_record(a_parent("survivor")), a_record(a_link("survivor", "child"))])
    unlinked = ChildUnlinked(parent_id=an_id("parent"), child_id=CHILD, version=2)
    await town.consume([a_record(unlinked)])
    await town.consume([erased("parent")])
    problem(await client.post(ASK, headers=survivor), 409, "consent_needed")
    assert (await client.post(GIVE, headers=survivor, json=TEXT)).status_code == 201
    assert (await client.post(ASK, headers=survivor)).status_code == 202
    lines = await withdrawals.run(withdrawals.arguments_of(["list"]), settings_for(Settings))
    (line,) = [one for one in lines if f"child {CHILD}" in one]
    assert f"given by {an_id('parent')}, who is erased" in line
    assert line.endswith("another consent for this child stands")


async def test_a_consent_of_an_erased_parent_for_an_erased_child_leaves_nothing_to_decide(town):
    await town.consume([erased("parent"), erased("child")])
    states = {pair: state for pair, (state, _) in (await consents_of(town)).items()}
    assert states == {("child", "parent"): "erased", ("sister", "parent"): "withdrawn"}
    assert {one["user_id"]: one["counts"]["consents"] for one in await confirmed(town)} == {
        str(an_id("parent")): 2, str(CHILD): 1,
    }  # fmt: skip


async def test_a_consent_that_was_withdrawn_before_is_not_counted_among_those_that_ended(
    client, town
):
    await client.post(f"{GIVE}/withdrawal", headers=PARENT)
    before = await consents_of(town)
    await town.consume([erased("parent")])
    assert (await consents_of(town))["child", "parent"] == before["child", "parent"]
    assert (await confirmed(town))[0]["counts"]["consents"] == 1


async def test_a_press_at_the_moment_of_the_parents_erasure_is_not_left_waiting(client, town):
    """It comes before, and is refused, or after, and is a stranger's."""
    async with town.store.transaction() as tx:
        await erase(tx, "parent")
        press = asyncio.ensure_future(client.post(ASK, headers=PARENT))
        await eventually(lambda: press.done() or town.store.pool.fetchval(WAITING))
    problem(await press, 404, "not_found")
    assert await town.store.pool.fetch("SELECT * FROM certificate_requests") == []


async def test_who_agrees_at_the_moment_of_their_erasure_leaves_no_consent_that_stands(
    client, town
):
    who = bearer("neighbours parent", "parent")
    path = f"/children/{an_id('neighbour')}/consents"
    async with town.store.transaction() as tx:
        await erase(tx, "neighbours parent")
        given = asyncio.ensure_future(client.post(path, headers=who, json=TEXT))
        await eventually(lambda: given.done() or town.store.pool.fetchval(WAITING))
    problem(await given, 404, "not_found")


async def erase(tx, name: str) -> None:
    """As the tombstone does it, in a transaction that is still open."""
    await erasing.erase_people(tx, {an_id(name): Tombstone(str(an_id(name)), 2)}, clock.now())


@pytest.mark.parametrize(("gone", "state"), [("parent", "withdrawn"), ("nobody", "given")])
async def test_consents_of_who_was_erased_before_end_with_the_migration(
    migrated_without, gone, state
):
    pool, go_on = await migrated_without(Settings, "certificates", MINE)
    await pool.execute(
        "INSERT INTO people (user_id, version, erased) VALUES ($1, 1, true)", an_id(gone)
    )
    await pool.execute(
        "INSERT INTO consents VALUES ($1, $2, $3, 'certificate', '2026-11', $4)",
        an_id("c"), CHILD, an_id("parent"), NOW,
    )  # fmt: skip
    await go_on()
    row = await pool.fetchrow("SELECT state, withdrawn_at IS NULL AS stands FROM consents")
    assert tuple(row) == (state, state == "given")


async def test_whose_data_end_is_found_by_indexes_however_many_others_there_are(town):
    """Here only whether they can be used: a plan depends on how many rows there are."""
    ids = [an_id("parent")]
    async with town.store.transaction() as tx:
        for kind in ("seqscan", "indexonlyscan"):
            await tx.execute(f"SET LOCAL enable_{kind} = off")
        plans = [
            "\n".join(row[0] for row in await tx.fetch(f"EXPLAIN {store.SQL[name]}", *values))
            for name, values in (("lock_families", [ids]), ("end_consents", [ids, NOW]))
        ]
    for plan in plans:
        assert "Seq Scan" not in plan
        assert "consents_given_by" in plan
    assert "consents_not_over" in plans[1]
