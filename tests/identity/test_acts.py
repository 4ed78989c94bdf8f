"""What operators do, and who saw a child, is in identity's sealed journal."""

import json

import pytest
from chassis import journal
from contracts.ids import user_id

from tests.builders import a_record
from tests.doors import bearer, problem
from tests.identity.conftest import own_id
from tests.identity.sgo import a_link, a_parent, a_user
from tests.identity.test_imports import LINKS, PEOPLE, card_of

CHILD, PARENT = user_id("1"), user_id("2")


async def acts(door) -> list[tuple]:
    rows = await door.store.pool.fetch("SELECT * FROM journal WHERE actor <> 'cli' ORDER BY id")
    return [(row["actor"], row["actor_id"], row["action"], row["subject"]) for row in rows]


async def test_each_act_of_an_operator_is_journalled_with_whom_it_was_about(door, office):
    await door.consume([a_record(a_user())])
    assert (await office.get(f"/users/{CHILD}")).status_code == 200
    changed = await office.patch(f"/users/{CHILD}", json={"municipality": "m2"})
    assert changed.status_code == 200
    assert (await office.delete(f"/users/{CHILD}")).status_code == 204
    olga = own_id("olga")
    assert await acts(door) == [
        ("operator", olga, "user.looked_at", CHILD),
        ("operator", olga, "user.changed", CHILD),
        ("operator", olga, "user.erased", CHILD),
    ]
    assert await journal.seal(door.store) == 3 + 1  # the command that made her


async def test_an_act_that_was_refused_is_not_journalled(door, office):
    await door.consume([a_record(a_user())])
    refused = await office.patch(f"/users/{CHILD}", json={"birth_date": "1800-01-01"})
    assert refused.status_code == 422
    assert await acts(door) == []


async def test_a_parent_who_sees_their_children_is_journalled_once_in_ten_minutes(door, http):
    await door.consume([a_record(one) for one in (a_user(), a_parent(), a_link())])
    for _ in range(2):
        answer = await http.get("/me", headers=bearer("", "parent", sub=str(PARENT)))
        assert len(answer.json()["children"]) == 1
    assert await acts(door) == [("parent", PARENT, "child.looked_at", CHILD)]


async def test_whoever_was_looked_at_sees_who_looked_and_a_parent_sees_it_of_a_child(
    door, office, http
):
    people = (a_user(), a_parent(), a_parent("3", login=None), a_link())
    await door.consume([a_record(one) for one in people])
    assert (await office.get(f"/users/{CHILD}")).status_code == 200
    child, parent, other = (
        bearer("", "student", sub=str(CHILD)), bearer("", "parent", sub=str(PARENT)),
        bearer("", "parent", sub=str(user_id("3"))),
    )  # fmt: skip
    assert (await http.get("/me", headers=parent)).status_code == 200
    of_child = {"child_id": str(CHILD)}
    for who, asked in ((child, {}), (parent, of_child)):
        told = (await http.get("/me/history", headers=who, params=asked)).json()["items"]
        assert [(one["actor"], one["actor_id"], one["action"]) for one in told] == [
            ("parent", str(PARENT), "child.looked_at"),
            ("operator", str(own_id("olga")), "user.looked_at"),
        ]
    assert (await http.get("/me/history", headers=other)).json()["items"] == []
    problem(await http.get("/me/history", headers=other, params=of_child), 404, "not_found")


async def test_the_journal_holds_no_name(door, office):
    await door.consume([a_record(a_user())])
    await office.get(f"/users/{CHILD}")
    rows = await door.store.pool.fetch("SELECT * FROM journal")
    assert "Иванов" not in json.dumps([dict(row) for row in rows], default=str, ensure_ascii=False)


@pytest.mark.parametrize("dry_run", [True, False])
async def test_each_user_that_a_file_makes_or_changes_is_journalled_as_if_done_by_hand(
    door, office, dry_run
):
    """Rows that change nothing, or are refused, are no acts; nor is a dry run."""
    await card_of(door, office, PEOPLE)
    changed = PEOPLE.replace("Петрова", "Сидорова") + "3;Ли;Ян;;учащийся;;\n4;;Ян;;учащийся;;\n"
    await card_of(door, office, changed, dry_run=dry_run)
    olga = own_id("olga")
    told = [one for one in await acts(door) if one[2].startswith("user.")]
    assert told == [
        ("operator", olga, "user.made", CHILD), ("operator", olga, "user.made", PARENT),
        *([] if dry_run else [("operator", olga, "user.changed", PARENT),
                              ("operator", olga, "user.made", user_id("3"))]),
    ]  # fmt: skip


async def test_the_family_sees_that_an_adult_was_linked_or_unlinked_by_a_file(door, office):
    await door.consume([a_record(one) for one in (a_user(), a_parent(), a_link())])
    for linked in ("нет", "да", "да"):
        rows = LINKS.replace("\n", ";Связь\n", 1).replace("2;1", f"2;1;{linked}")
        assert (await card_of(door, office, rows, "child-links"))["failed"] == 0
    parent = bearer("", "parent", sub=str(PARENT))
    asked = {"child_id": str(CHILD), "only": "deeds"}
    told = (await office.get("/me/history", headers=parent, params=asked)).json()["items"]
    assert [(one["actor"], one["actor_id"], one["action"], one["details"]) for one in told] == [
        ("operator", str(own_id("olga")), "child.linked", "из файла"),
        ("operator", str(own_id("olga")), "child.unlinked", "из файла"),
    ]
