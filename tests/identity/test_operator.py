"""The operator's routes: a change and its event, or neither; what is not theirs is 404."""

import asyncio
from datetime import timedelta

import pytest
from chassis import clock
from contracts import Tombstone, topics
from contracts.ids import user_id
from contracts.values import Role
from identity.admin import add_user, set_passwords

from tests.builders import SCHOOL, a_record, an_id
from tests.doors import bearer, problem, said
from tests.identity.conftest import own_id
from tests.identity.sgo import EMPLOYER, a_link, a_parent, a_user

ANNA = {
    "sgo_user_id": "7",
    "login": "Anna",
    "roles": ["parent"],
    "name": {"last_name": "Иванова", "first_name": "Анна", "middle_name": "Петровна"},
    "municipality": "m1",
}
ONE, TWO = user_id("1"), user_id("2")
LINK = f"/child-links/{TWO}/{ONE}"
ROUTES = [
    ("POST", "/users", ANNA),
    ("GET", f"/users/{ONE}", None),
    ("PATCH", f"/users/{ONE}", {"login": "x"}),
    ("DELETE", f"/users/{ONE}", None),
    ("PUT", LINK, None),
    ("DELETE", LINK, None),
]


async def kinds(door) -> list[str | None]:
    return [one.kind for one in await said(door.store.pool)]


async def count(door, table: str) -> int:
    return await door.store.pool.fetchval(f"SELECT count(*) FROM {table}")


async def family(door) -> None:
    """The child 1 and the parent 2, as SGO told them; nothing in the outbox any more."""
    await door.consume([a_record(a_user(login="igor")), a_record(a_parent())])
    await door.store.pool.execute("TRUNCATE outbox")


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=lambda one: str(one)[:12])
async def test_a_role_in_the_token_alone_makes_nobody_an_operator(door, http, method, path, body):
    await family(door)
    for who in (bearer("nobody", "operator"), bearer("", "operator", sub=str(TWO))):
        problem(await http.request(method, path, json=body, headers=who), 404, "not_found")
    problem(await http.request(method, path, json=body), 401, "unauthorized")
    assert await kinds(door) == []


async def test_a_new_user_is_a_row_and_an_event_in_one(door, office):
    answer = await office.post("/users", json=ANNA)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/users/{user_id('7')}"
    assert answer.json() | {"version": 1, "login": "Anna"} == answer.json()
    (one,) = await said(door.store.pool)
    assert (one.kind, one.key, one.event["version"]) == ("user.registered", str(user_id("7")), 1)
    assert one.event["person"]["name"]["last_name"] == "Иванова"


async def test_neither_a_user_nor_an_event_nor_a_key_when_the_outbox_refuses(door, office):
    await door.store.pool.execute("ALTER TABLE outbox ADD CHECK (key IS NULL)")
    answer = await office.post("/users", json=ANNA, headers={"Idempotency-Key": "k"})
    problem(answer, 500, "internal_error")
    assert await count(door, "users") == 1  # the operator
    assert await count(door, "idempotency_keys") == 0


async def test_the_same_key_gives_the_same_user(door, office):
    body = {name: ANNA[name] for name in ("login", "roles", "name")}
    keyed = {"Idempotency-Key": "k1"}
    answers = await asyncio.gather(
        *(office.post("/users", json=body, headers=keyed) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await kinds(door) == ["user.registered"]


async def test_the_same_key_with_another_body_is_told(door, office):
    keyed = {"Idempotency-Key": "k1"}
    await office.post("/users", json=ANNA, headers=keyed)
    other = await office.post("/users", json=ANNA | {"login": "other"}, headers=keyed)
    problem(other, 409, "idempotency_key_reused")
    assert await kinds(door) == ["user.registered"]


async def test_another_operators_same_key_makes_another_user(door, office):
    await add_user(door.store, "vera", Role.operator, "Орлова")
    body = {name: ANNA[name] for name in ("roles", "name")}
    keyed = {"Idempotency-Key": "k1"}
    first = await office.post("/users", json=body, headers=keyed)
    vera = bearer("", "operator", sub=str(own_id("vera")))
    second = await office.post("/users", json=body, headers=keyed | vera)
    assert first.json()["id"] != second.json()["id"]


async def test_a_user_whom_sgo_told_of_is_there_already(door, office):
    await family(door)
    problem(await office.post("/users", json=ANNA | {"sgo_user_id": "1"}), 409, "user_exists")


@pytest.mark.parametrize(
    "bad",
    [
        {"name": None},
        {"roles": []},
        {"roles": ["operator"]},
        {"login": "x" * 201},
        {"login": "a\x00b"},
        {"birth_date": "2999-01-01"},
        {"birth_date": 0},
        {"birth_date": "1234567890"},
        {"name": {"last_name": "И" * 201, "first_name": "А"}},
        {"organization": EMPLOYER.model_dump(mode="json")},
        {"password": "x"},
        {"enrolments": [SCHOOL.model_dump(mode="json")] * 21},
    ],
    ids=lambda bad: next(iter(bad)),
)
async def test_a_bad_user_is_refused_and_nothing_is_said(door, office, bad):
    answer = await office.post("/users", json=ANNA | bad)
    assert (answer.status_code, answer.json()["code"]) in {
        (422, "invalid_request"), (422, "missing"), (422, "impossible_date"), (422, "not_staff"),
    }  # fmt: skip
    assert await kinds(door) == []


async def test_staff_come_with_their_organization(door, office):
    body = ANNA | {"roles": ["staff"], "organization": EMPLOYER.model_dump(mode="json")}
    assert (await office.post("/users", json=body)).status_code == 201
    row = await door.store.pool.fetchrow("SELECT * FROM organizations")
    assert (row["id"], row["authorized"]) == (EMPLOYER.id, True)
    (one,) = await said(door.store.pool)
    assert one.event["person"]["organization"]["authorized"] is True


async def test_a_change_counts_the_version_on_and_is_said_in_full(door, office):
    await family(door)
    answer = await office.patch(f"/users/{ONE}", json={"municipality": "m9"})
    assert (answer.json()["version"], answer.json()["municipality"]) == (2, "m9")
    (one,) = await said(door.store.pool)
    assert (one.kind, one.event["version"]) == ("user.updated", 2)
    assert one.event["person"]["enrolments"][0]["organization_id"] == SCHOOL.organization_id


async def test_a_change_to_what_is_so_already_says_nothing(door, office):
    await family(door)
    answer = await office.patch(f"/users/{ONE}", json={"login": "igor"})
    assert answer.json()["version"] == 1
    assert await kinds(door) == []


async def test_a_login_of_another_user_is_refused(door, office):
    await family(door)
    problem(await office.patch(f"/users/{ONE}", json={"login": "PARENT"}), 409, "login_taken")
    problem(await office.post("/users", json=ANNA | {"login": "IGOR"}), 409, "login_taken")
    assert await kinds(door) == []


async def test_two_who_take_one_login_at_once_one_gets_it(door, office):
    bodies = [ANNA | {"sgo_user_id": str(n)} for n in range(20, 24)]
    answers = await asyncio.gather(*(office.post("/users", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await kinds(door) == ["user.registered"]


async def test_sgos_next_state_replaces_what_was_edited_here(door, office):
    await family(door)
    await office.patch(f"/users/{ONE}", json={"municipality": "m9"})
    await door.consume([a_record(a_user(version=2, login="igor", last_name="Сидоров"))])
    card = (await office.get(f"/users/{ONE}")).json()
    assert (card["municipality"], card["name"]["last_name"]) == (None, "Сидоров")
    assert (card["version"], await kinds(door)) == (3, ["user.updated"] * 2)


async def test_sgos_old_state_said_again_leaves_what_was_edited_here(door, office):
    await family(door)
    await office.patch(f"/users/{ONE}", json={"municipality": "m9"})
    await door.consume([a_record(a_user(version=1, login="igor"))])
    assert (await office.get(f"/users/{ONE}")).json()["municipality"] == "m9"


async def test_sgos_first_state_takes_over_a_user_who_was_made_here(door, office):
    await office.post("/users", json=ANNA)
    await door.consume([a_record(a_parent("7", login=None))])
    card = (await office.get(f"/users/{user_id('7')}")).json()
    assert (card["name"]["last_name"], card["version"]) == ("Петрова", 2)
    assert card["login"] == "Anna", "SGO tells none: the one that was given here stays"
    assert await kinds(door) == ["user.registered", "user.updated"]


async def test_a_login_that_sgo_tells_replaces_the_one_that_was_given_here(door, office):
    await office.post("/users", json=ANNA)
    await door.consume([a_record(a_parent("7", login="petrova"))])
    assert (await office.get(f"/users/{user_id('7')}")).json()["login"] == "petrova"


async def test_an_erased_user_leaves_only_id_and_counts_and_is_erased_everywhere(door, office):
    await family(door)
    await set_passwords(door.store, ["igor right-password"])
    assert (await office.delete(f"/users/{ONE}")).status_code == 204
    row = await door.store.pool.fetchrow("SELECT * FROM users WHERE user_id = $1", ONE)
    left = {name for name, value in row.items() if value not in (None, [])}
    assert left == {"user_id", "sgo_user_id", "sgo_version", "version", "erased_at"}
    assert await count(door, "passwords") == 0
    (one,) = await said(door.store.pool)
    assert (one.topic, one.key, one.event) == (topics.IDENTITY_USERS.name, str(ONE), None)
    version = "SELECT headers::json ->> 'ce_version' FROM outbox"
    assert await door.store.pool.fetchval(version) == "2"


async def test_an_erased_user_is_not_there_any_more(door, office):
    await family(door)
    await office.delete(f"/users/{ONE}")
    for method, path, body in ROUTES[1:]:
        problem(await office.request(method, path, json=body), 404, "not_found")
    problem(await office.post("/users", json=ANNA | {"sgo_user_id": "1"}), 409, "erased")
    assert await kinds(door) == ["tombstone"]


async def test_what_sgo_said_before_an_operators_erasure_does_not_bring_a_user_back(door, office):
    await family(door)
    await office.delete(f"/users/{ONE}")
    before, after = (clock.now() + timedelta(minutes=minute) for minute in (-1, 1))
    await door.consume([a_record(a_user(version=5), at=before)])
    problem(await office.get(f"/users/{ONE}"), 404, "not_found")
    await door.consume([a_record(a_user(version=6), at=after)])
    assert (await office.get(f"/users/{ONE}")).status_code == 200


async def test_a_login_that_an_erasure_frees_goes_to_who_waited_for_it(door, office):
    await family(door)
    await door.consume([a_record(a_user("3", login="igor"))])
    await office.delete(f"/users/{ONE}")
    due = "SELECT count(*) FROM parked WHERE due_at <= now()"
    assert await door.store.pool.fetchval(due) == 1


@pytest.mark.parametrize("role", [Role.operator, Role.client])
async def test_an_operator_reaches_no_operator_and_no_client(door, office, role):
    await add_user(door.store, "other", role, "Другая")
    path = f"/users/{own_id('other')}"
    problem(await office.get(path), 404, "not_found")
    problem(await office.patch(path, json={"login": "mine"}), 404, "not_found")
    problem(await office.delete(path), 404, "not_found")


async def test_a_link_is_made_and_said_once(door, office):
    await family(door)
    for _ in range(2):
        answer = await office.put(LINK)
        assert answer.json() == {
            "parent_id": str(TWO), "child_id": str(ONE), "linked": True, "version": 1,
        }  # fmt: skip
    (one,) = await said(door.store.pool)
    assert (one.kind, one.key) == ("child.linked", f"{TWO}:{ONE}")


async def test_a_link_is_ended_and_said_once(door, office):
    await family(door)
    await office.put(LINK)
    for _ in range(2):
        assert (await office.delete(LINK)).status_code == 204
    assert await kinds(door) == ["child.linked", "child.unlinked"]
    assert (await office.put(LINK)).json()["version"] == 3


async def test_a_link_that_never_was_cannot_be_ended(door, office):
    await family(door)
    problem(await office.delete(LINK), 404, "not_found")


async def test_nobody_is_linked_to_nobody_nor_to_themselves(door, office):
    await family(door)
    problem(await office.put(f"/child-links/{TWO}/{an_id('nobody')}"), 404, "not_found")
    problem(await office.put(f"/child-links/{TWO}/{TWO}"), 422, "same_person")


async def test_who_is_no_parent_is_linked_to_nobody_and_nobody_to_who_is_no_student(door, office):
    await family(door)
    await door.consume([a_record(a_user("3")), a_record(a_parent("4", login=None))])
    three, four = user_id("3"), user_id("4")
    problem(await office.put(f"/child-links/{ONE}/{TWO}"), 422, "not_a_parent")
    problem(await office.put(f"/child-links/{ONE}/{three}"), 422, "not_a_parent")
    problem(await office.put(f"/child-links/{TWO}/{four}"), 422, "not_a_student")
    assert "child.linked" not in await kinds(door)


async def test_a_wrong_link_that_sgo_has_told_can_be_ended(door, office):
    await family(door)
    await door.consume([a_record(a_link("1", "2"))])
    assert (await office.delete(f"/child-links/{ONE}/{TWO}")).status_code == 204
    assert await kinds(door) == ["child.linked", "child.unlinked"]


async def test_sgos_later_word_on_a_link_wins_and_its_earlier_one_does_not(door, office):
    await family(door)
    await office.put(LINK)
    await office.delete(LINK)
    before, after = (clock.now() + timedelta(minutes=minute) for minute in (-1, 1))
    await door.consume([a_record(a_link(version=1), at=before)])
    assert await kinds(door) == ["child.linked", "child.unlinked"]
    await door.consume([a_record(a_link(version=2), at=after)])
    assert await kinds(door) == ["child.linked", "child.unlinked", "child.linked"]
    await door.consume([a_record(Tombstone("2:1"), topic=topics.SGO_CHILD_LINKS, at=after)])
    assert (await kinds(door))[-1] == "child.unlinked"


async def test_an_address_tells_all_the_methods_that_it_takes(office):
    """Also those of other functions than the first that is found there."""
    for path, methods in ((f"/users/{ONE}", "DELETE, GET, PATCH"), (LINK, "DELETE, PUT")):
        answer = await office.request("OPTIONS", path)
        problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == methods
