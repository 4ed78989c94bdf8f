"""What the operator of every service sees, asked of this one: stuck work and the journal."""

from dataclasses import replace
from datetime import timedelta

from chassis import journal

from tests.builders import NOW, a_record, a_request, a_user, an_id
from tests.doors import bearer, problem

OPERATOR, PARENT = bearer("operator", "operator"), bearer("parent", "parent")


async def page(client, **asked) -> dict:
    answer = await client.get("/journal", params=asked, headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def note(town, count: int, **changes) -> None:
    """So many looks of the clerk at a child, one each minute."""
    async with town.store.transaction() as tx:
        look = journal.Entry(NOW, an_id("clerk"), "staff", "found_by_desk", an_id("child"))
        looks = [replace(look, happened_at=NOW + timedelta(minutes=n)) for n in range(count)]
        await journal.append(tx, [replace(one, **changes) for one in looks])


async def test_what_is_stuck_is_counted_and_placed_without_its_content(client, town):
    bad = replace(a_record(a_user(last_name="Секретов")), value=b'{"name": "Secretov"')
    early = a_record(a_request("nobody yet"))
    await town.consume([bad, early])
    answer = await client.get("/stuck", headers=OPERATOR)
    shown = answer.json()
    assert shown["counts"] == {"quarantine": 1, "parked": 1}
    refused, waiting = shown["items"]
    assert (refused["kind"], refused["topic"], refused["offset"]) == (
        "quarantine", bad.topic, bad.offset,
    )  # fmt: skip
    assert refused["reason"].startswith("bad_event")
    assert (waiting["kind"], waiting["reason"]) == ("parked", f"person:{an_id('nobody yet')}")
    assert waiting["since"] < waiting["due_at"]
    assert "Secretov" not in answer.text


async def test_the_journal_is_read_by_subject_and_actor_page_by_page(client, town):
    await note(town, 130)
    await note(town, 5, subject=an_id("sister"))
    await note(town, 7, actor_id=an_id("teacher"))
    asked = {"subject": str(an_id("child")), "actor": str(an_id("clerk"))}
    first = await page(client, **asked)
    rest = await page(client, **asked, before=first["before"])
    assert (len(first["items"]), len(rest["items"]), rest["before"]) == (100, 30, None)
    ids = [one["id"] for one in first["items"] + rest["items"]]
    assert ids == sorted(set(ids), reverse=True)
    assert {(one["actor_id"], one["subject"]) for one in first["items"] + rest["items"]} == {
        (asked["actor"], asked["subject"])
    }
    by_teacher = await page(client, actor=str(an_id("teacher")))
    assert len(by_teacher["items"]) == 7
    of_sister = await page(client, subject=str(an_id("sister")))
    assert [one["action"] for one in of_sister["items"]] == ["found_by_desk"] * 5


async def test_whoever_reads_the_journal_stands_in_it(client, town):
    await page(client, subject=str(an_id("child")))
    latest = (await page(client))["items"][0]
    assert (latest["action"], latest["actor_id"]) == ("read_journal", str(an_id("operator")))
    assert (latest["subject"], latest["details"]) == (
        str(an_id("child")), f"subject={an_id('child')}",
    )  # fmt: skip


async def test_it_is_there_for_nobody_else_and_a_wrong_question_is_told(client):
    for path in ("/stuck", "/journal"):
        problem(await client.get(path, headers=PARENT), 404, "not_found")
    problem(await client.get("/journal?before=0", headers=OPERATOR), 422, "invalid_request")
