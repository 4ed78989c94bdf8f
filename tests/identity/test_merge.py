"""Two records of one person become one, and the other services follow by the usual events."""

from datetime import timedelta

import pytest
from chassis import clock
from contracts import Tombstone, topics
from contracts.ids import user_id
from contracts.values import FullName, Person, Role
from identity import edits
from identity.admin import set_passwords

from tests.builders import SCHOOL, a_record, an_id
from tests.doors import bearer, problem, said
from tests.identity.conftest import own_id
from tests.identity.sgo import EMPLOYER, a_link, a_parent, a_user
from tests.identity.test_edits import stored

STAYS, GOES, CHILD = user_id("2"), user_id("3"), user_id("1")
PATH = f"/users/{GOES}/merge"


async def two_records(door, *, stays="anna", goes="petrova") -> None:
    """The parents 2 and 3 are one person; 3 is linked to the child 1, both to the child 4."""
    people = [
        a_user("1"), a_user("4"), a_parent("2", login=stays), a_parent("3", login=goes),
        a_link("3", "1"), a_link("3", "4"), a_link("2", "4"),
    ]  # fmt: skip
    await door.consume([a_record(one) for one in people])
    await door.store.pool.execute("TRUNCATE outbox")


async def merge(office):
    answer = await office.post(PATH, json={"into": str(STAYS)})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def sign_in(office, login: str) -> int:
    form = {"username": login, "password": "right-password"}
    return (await office.post("/token", data=form)).status_code


async def heard(door) -> list[tuple]:
    return [(one.kind, one.key) for one in await said(door.store.pool)]


async def linked(door) -> set[tuple]:
    rows = await door.store.pool.fetch("SELECT * FROM child_links WHERE linked")
    return {(row["parent_id"], row["child_id"]) for row in rows}


def later(seconds: int = 60):
    return clock.now() + timedelta(seconds=seconds)


def test_the_survivors_own_words_stay_and_gaps_are_filled():
    other = Person(
        name=FullName(last_name="Другая", first_name="Ольга", middle_name="Петровна"),
        municipality="m2", birth_date="1990-01-01", organization=EMPLOYER,
        enrolments=(SCHOOL, SCHOOL.model_copy(update={"organization_id": "s2"})),
    )  # fmt: skip
    merged = edits.merge(stored(), stored(roles=(Role.staff,), person=other, login="other"))
    person = merged.event.person
    assert str(person.name) == "Иванова Анна Петровна"
    assert (person.municipality, person.birth_date.year) == ("m1", 1990)
    assert [one.organization_id for one in person.enrolments] == ["school-1", "s2"]
    assert (merged.event.roles, merged.login) == ((Role.parent, Role.staff), "anna")
    assert merged.event.version == 3


def test_a_duplicate_that_adds_nothing_changes_nothing():
    assert edits.merge(stored(), stored(user_id=an_id("other"), login="other")) is None


async def test_links_move_and_the_duplicate_is_erased_by_a_tombstone(door, office):
    await two_records(door)
    card = await merge(office)
    assert card["id"] == str(STAYS)
    assert await linked(door) == {(STAYS, CHILD), (STAYS, user_id("4"))}
    assert sorted(await heard(door), key=str) == sorted(
        [
            ("child.linked", f"{STAYS}:{CHILD}"),
            ("child.unlinked", f"{GOES}:{CHILD}"),
            ("child.unlinked", f"{GOES}:{user_id('4')}"),
            ("tombstone", str(GOES)),
        ],
        key=str,
    )
    problem(await office.get(f"/users/{GOES}"), 404, "not_found")


async def test_a_child_who_was_two_records_keeps_both_parents(door, office):
    children = [a_user("2"), a_user("3"), a_parent("8"), a_link("8", "3"), a_link("9", "2")]
    await door.consume([a_record(one) for one in children])
    await merge(office)
    assert await linked(door) == {(user_id("8"), STAYS), (user_id("9"), STAYS)}


async def test_a_merge_done_twice_changes_nothing(door, office):
    await two_records(door)
    first = await merge(office)
    events = len(await heard(door))
    assert (await merge(office), len(await heard(door))) == (first, events)


async def test_neither_half_of_a_merge_when_the_outbox_refuses(door, office):
    await two_records(door)
    await door.store.pool.execute("ALTER TABLE outbox ADD CHECK (key IS NULL)")
    problem(await office.post(PATH, json={"into": str(STAYS)}), 500, "internal_error")
    assert (await office.get(f"/users/{GOES}")).status_code == 200
    assert (GOES, CHILD) in await linked(door)


async def test_the_sign_in_of_the_duplicate_is_closed_where_the_survivor_has_one(door, office):
    await two_records(door)
    await set_passwords(door.store, ["anna right-password", "petrova right-password"])
    await merge(office)
    assert (await sign_in(office, "anna"), await sign_in(office, "petrova")) == (200, 401)


async def test_the_sign_in_of_the_duplicate_leads_to_a_survivor_who_has_none(door, office):
    await two_records(door, stays=None)
    await set_passwords(door.store, ["petrova right-password"])
    assert (await merge(office))["login"] == "petrova"
    assert await sign_in(office, "petrova") == 200


async def test_what_sgo_says_later_of_the_duplicate_changes_nothing(door, office):
    await two_records(door)
    await merge(office)
    before = await heard(door)
    late = [
        a_record(a_parent("3", login="petrova", version=9), at=later()),
        a_record(a_link("3", "1", version=9), at=later()),
        a_record(Tombstone("3:4"), topic=topics.SGO_CHILD_LINKS, at=later()),
        a_record(Tombstone("3"), topic=topics.SGO_USERS, at=later()),
        a_record(a_parent("3", login="petrova", version=10), at=later(120)),
    ]
    for record in late:
        await door.consume([record])
    assert await heard(door) == before
    assert await linked(door) == {(STAYS, CHILD), (STAYS, user_id("4"))}
    quarantined = "SELECT count(*) FROM quarantine"
    assert await door.store.pool.fetchval(quarantined) == 0


async def test_a_survivor_that_is_merged_on_takes_its_duplicates_along(door, office):
    await two_records(door)
    await merge(office)
    answer = await office.post(f"/users/{STAYS}/merge", json={"into": str(user_id("4"))})
    assert answer.status_code == 200
    rows = await door.store.pool.fetch("SELECT merged_into FROM users WHERE merged_into NOTNULL")
    assert {row["merged_into"] for row in rows} == {user_id("4")}


@pytest.mark.parametrize("into", [an_id("nobody"), own_id("olga")])
async def test_a_record_is_merged_into_nobody_nor_into_an_operator(door, office, into):
    await two_records(door)
    problem(await office.post(PATH, json={"into": str(into)}), 404, "not_found")
    operator = f"/users/{own_id('olga')}/merge"
    problem(await office.post(operator, json={"into": str(STAYS)}), 404, "not_found")
    problem(await office.post(PATH, json={"into": str(GOES)}), 422, "same_person")


async def test_only_an_operator_merges(door, office):
    await two_records(door)
    who = bearer("", "operator", sub=str(STAYS))
    problem(await office.post(PATH, json={"into": str(STAYS)}, headers=who), 404, "not_found")
