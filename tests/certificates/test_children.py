"""`GET /children`: all the pages of who has signed in; why a parent has none."""

from datetime import timedelta

import pytest
from certificates import store
from chassis import clock, journal
from contracts import Tombstone, topics

from tests.builders import a_link, a_record, a_user, an_id
from tests.certificates.test_why_not import PARENT_OF_NONE
from tests.certificates.town import ROLES
from tests.doors import bearer

ROLE_OF_NONE = bearer("parent of none", "parent")


async def pages_of(town, who) -> dict:
    answer = await town.calls(who, "GET", "/children")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def of_none(town) -> dict:
    return (await town.http.get("/children", headers=ROLE_OF_NONE)).json()


def codes(reasons) -> list[str]:
    assert all(reason["message"] and reason["how_to_fix"] for reason in reasons)
    return [reason["code"] for reason in reasons]


async def test_each_childs_page_is_the_one_that_stands_alone(settled):
    """With a certificate, with a refused request; for the parent and the student."""
    town = await settled()
    await town.number()
    await town.hears(a_user("teen", enrolled=False, born=None, version=2))
    assert (await town.decides("parent", "parent", "teen")).startswith("refused")
    for who, children in (("parent", {"teen", "kid"}), ("teen", {"teen"}), ("kid", {"kid"})):
        shown = await pages_of(town, who)
        assert {one["child_id"] for one in shown["children"]} == {str(an_id(c)) for c in children}
        assert shown["reasons"] == []
        for one in shown["children"]:
            page = await town.calls(who, "GET", f"/children/{one.pop('child_id')}/certificate")
            assert one == page.json()


async def test_a_parent_without_a_linked_child_is_told_so(settled):
    town = await settled()
    await town.hears(PARENT_OF_NONE)
    shown = await of_none(town)
    assert (shown["children"], codes(shown["reasons"])) == ([], ["no_linked_child"])
    await town.hears(a_link("parent of none", "boy"))
    shown = await of_none(town)
    assert [one["child_id"] for one in shown["children"]] == [str(an_id("boy"))]
    assert shown["reasons"] == []


async def test_a_parent_without_a_child_is_told_of_every_rule_that_fails(settled):
    town = await settled(module_enabled=False)
    await town.hears(PARENT_OF_NONE)
    assert codes((await of_none(town))["reasons"]) == ["module_disabled", "no_linked_child"]


async def test_a_parent_whose_only_child_is_erased_has_none_to_ask_for(settled):
    town = await settled()
    await town.hears(PARENT_OF_NONE)
    await town.hears(a_link("parent of none", "boy"))
    gone = Tombstone(key=str(an_id("boy")), version=9)
    await town.door.consume([a_record(gone, topic=topics.IDENTITY_USERS)])
    shown = await of_none(town)
    assert (shown["children"], codes(shown["reasons"])) == ([], ["no_linked_child"])


@pytest.mark.parametrize("who", ["clerk", "teacher", "operator", "program"])
async def test_who_is_neither_student_nor_parent_has_an_empty_list(settled, who):
    assert ROLES[who] not in {"student", "parent"}
    assert await pages_of(await settled(), who) == {"children": [], "reasons": []}


async def test_an_erased_child_is_on_no_list_and_an_erased_parent_has_none(settled):
    town = await settled()
    gone = Tombstone(key=str(an_id("kid")), version=9)
    await town.door.consume([a_record(gone, topic=topics.IDENTITY_USERS)])
    (teen,) = (await pages_of(town, "parent"))["children"]
    assert teen["child_id"] == str(an_id("teen"))
    gone = Tombstone(key=str(an_id("parent")), version=9)
    await town.door.consume([a_record(gone, topic=topics.IDENTITY_USERS)])
    assert (await town.calls("parent", "GET", "/children")).status_code == 404


async def test_each_look_is_journalled_once_in_ten_minutes_as_on_the_page(settled):
    town = await settled()
    town.at(began := clock.now() + timedelta(days=1))  # nobody has looked yet
    await town.calls("parent", "GET", f"/children/{an_id('kid')}/certificate")
    await pages_of(town, "parent")
    await pages_of(town, "parent")
    looks = await town.pool.fetch(
        "SELECT actor, subject FROM journal WHERE actor_id = $1 AND action = 'saw_card'"
        " AND happened_at = $2",
        *(an_id("parent"), began),
    )
    wanted = [("parent", an_id("kid")), ("parent", an_id("teen"))]
    assert sorted(tuple(look) for look in looks) == sorted(wanted)


async def test_many_children_take_no_more_queries_than_one(settled):
    town = await settled()
    ran: list[str] = []

    async def counted(children: int) -> int:
        for n in range(children):
            child = f"one of {n}"
            await town.hears(a_user(child), a_link("other parent", child))
        ran.clear()
        shown = await pages_of(town, "other parent")
        assert len(shown["children"]) == children + 1
        ours = {*store.SQL.values(), *journal.SQL.values()}  # asyncpg has some of its own
        return len([query for query in ran if query in ours])

    connections = [await town.pool.acquire() for _ in range(town.pool.get_size())]
    for connection in connections:
        connection.add_query_logger(lambda query: ran.append(query.query))
        await town.pool.release(connection)
    few = await counted(1)
    assert 0 < few == await counted(5)
