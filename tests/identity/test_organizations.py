"""What is true of an organization is true, and said, for all who work there."""

import asyncio
from datetime import timedelta

import pytest
from chassis import clock
from contracts.ids import user_id
from identity import organizations, spreading
from identity.organizations import Known

from tests.builders import NOW, SCHOOL, a_record
from tests.doors import problem, said
from tests.identity.sgo import EMPLOYER, a_user

PATH = f"/organizations/{EMPLOYER.id}"
FACTS = EMPLOYER.model_dump(mode="json", exclude={"id"})
CLOSED = EMPLOYER.model_copy(update={"authorized": False})
MOVED = EMPLOYER.model_copy(update={"municipality": "m2"})
ANNA, VERA = user_id("anna"), user_id("vera")


def staff(name: str, place=EMPLOYER, *, version: int = 1, minute: int = 0):
    """What SGO says of an employee, at this minute."""
    told = a_user(name, version=version, role="staff", born=None, organization=place)
    return a_record(told, at=NOW + timedelta(minutes=minute))


async def spread(door) -> list[tuple[str, int, bool]]:
    """Everybody is told; who it was said of since the last time, and as what."""
    while await spreading.spread(door.store, clock.now()):
        pass
    rows = await said(door.store.pool)
    await door.store.pool.execute("TRUNCATE outbox")
    return sorted(
        (row.key, row.event["version"], row.event["person"]["organization"]["authorized"])
        for row in rows
    )


@pytest.fixture
async def two(door):
    """Two employees of an authorized organization; nothing in the outbox any more."""
    await door.consume([staff("anna"), staff("vera")])
    await spread(door)


def told_of_both(version: int, *, authorized: bool) -> list[tuple[str, int, bool]]:
    return sorted((str(who), version, authorized) for who in (ANNA, VERA))


async def test_an_organization_that_loses_its_authorization_loses_it_for_all_who_work_there(
    door, office, two
):
    answer = await office.put(PATH, json=FACTS | {"authorized": False})
    assert answer.status_code == 200, answer.text
    told = {"authorized": False, "by_operator": True, "employees": 2, "spreading": True}
    assert answer.json() | told == answer.json()
    assert await spread(door) == told_of_both(2, authorized=False)
    assert await spread(door) == []
    (one,) = (await office.get("/organizations")).json()["items"]
    assert (one["id"], one["authorized"], one["spreading"]) == (EMPLOYER.id, False, False)


async def test_an_employee_who_is_said_to_work_at_another_organization_of_that_name_is_refused(
    door, office, two
):
    body = {"organization": FACTS | {"id": EMPLOYER.id, "authorized": False}}
    problem(await office.patch(f"/users/{ANNA}", json=body), 409, "other_facts")
    new = {"roles": ["staff"], "name": {"last_name": "Новая", "first_name": "Анна"}} | body
    problem(await office.post("/users", json=new), 409, "other_facts")
    assert await spread(door) == []


async def test_what_an_edit_leaves_out_of_an_organization_is_as_it_is_known(door, office, two):
    del (body := {"id": EMPLOYER.id} | FACTS)["authorized"]
    answer = await office.patch(f"/users/{ANNA}", json={"organization": body, "municipality": "m9"})
    assert answer.json()["organization"]["authorized"] is True
    assert await spread(door) == [(str(ANNA), 2, True)]


async def test_sgos_later_word_on_one_employee_is_said_of_all(door, two):
    await door.consume([staff("anna", CLOSED, version=2, minute=1)])
    assert await spread(door) == told_of_both(2, authorized=False)


async def test_sgos_earlier_word_that_comes_later_changes_nobody_back(door, two):
    await door.consume([staff("anna", CLOSED, version=2, minute=2)])
    await spread(door)
    await door.consume([staff("vera", EMPLOYER, version=2, minute=1)])
    assert await spread(door) == [(str(VERA), 3, False)]


async def test_sgos_words_change_nothing_of_what_an_operator_has_said(door, office, two):
    await office.put(PATH, json=FACTS | {"authorized": False})
    await spread(door)
    await door.consume([staff("anna", version=2, minute=60), staff("olga", minute=60)])
    known = sorted([(str(ANNA), 3, False), (str(user_id("olga")), 1, False)])
    assert await spread(door) == known


async def test_who_is_told_of_while_an_operator_changes_the_organization_is_told_right(
    door, office, two
):
    """Whichever is first: nobody keeps what was true before."""
    news = [staff(f"new {number}", minute=number) for number in range(20)]
    await asyncio.gather(
        *(door.consume([one]) for one in news),
        office.put(PATH, json=FACTS | {"authorized": False}),
    )
    await spread(door)
    stored = "SELECT count(*) FROM users WHERE person -> 'organization' ->> 'authorized' = $1"
    assert await door.store.pool.fetchval(stored, "true") == 0
    assert await door.store.pool.fetchval(stored, "false") == 22


async def test_a_thousand_employees_are_told_in_several_transactions(door, office, two):
    await door.store.pool.execute(
        "INSERT INTO users (user_id, roles, person, full_name, organization) SELECT"
        " gen_random_uuid(), '{staff}', jsonb_set(person, '{name,first_name}', to_jsonb(n::text)),"
        " n::text, organization FROM users, generate_series(1, 998) AS n WHERE user_id = $1",
        ANNA,
    )
    await office.put(PATH, json=FACTS | {"authorized": False})
    assert await spreading.spread(door.store, clock.now())
    told = "SELECT count(*) FROM outbox"
    assert await door.store.pool.fetchval(told) == spreading.EMPLOYEES_A_BATCH
    assert len(await spread(door)) == 1000


async def test_who_was_erased_is_not_told_of_again(door, office, two):
    await office.delete(f"/users/{VERA}")
    await door.store.pool.execute("TRUNCATE outbox")
    await office.put(PATH, json=FACTS | {"authorized": False})
    assert await spread(door) == [(str(ANNA), 2, False)]


async def test_an_organization_is_named_by_an_operator_before_anybody_works_there(door, office):
    answer = await office.put("/organizations/new-1", json=FACTS)
    assert (answer.status_code, answer.json()["employees"]) == (200, 0)
    await door.consume([staff("anna", EMPLOYER.model_copy(update={"id": "new-1", "name": "x"}))])
    card = (await office.get(f"/users/{ANNA}")).json()
    assert card["organization"]["name"] == EMPLOYER.name


async def test_the_same_word_again_is_journalled_once(door, office, two):
    for _ in range(2):
        await office.put(PATH, json=FACTS)
    acts = "SELECT count(*) FROM journal WHERE action = 'organization.set'"
    assert await door.store.pool.fetchval(acts) == 1


async def test_pages_of_organizations_follow_one_another(door, office, two):
    for number in (1, 2, 3):
        await office.put(f"/organizations/a-{number}", json=FACTS | {"authorized": False})
    first = (await office.get("/organizations", params={"limit": 2})).json()
    rest = (await office.get("/organizations", params={"after": first["next"]})).json()
    ids = [one["id"] for one in (*first["items"], *rest["items"])]
    assert (ids, rest["next"]) == (["a-1", "a-2", "a-3", EMPLOYER.id], None)
    only = (await office.get("/organizations", params={"authorized": True})).json()["items"]
    assert [one["id"] for one in only] == [EMPLOYER.id]


async def test_where_children_learn_and_nobody_works_has_no_municipality(door, office):
    await door.consume([a_record(a_user())])
    (one,) = (await office.get("/organizations")).json()["items"]
    assert (one["id"], one["municipality"]) == (SCHOOL.organization_id, None)


@pytest.mark.parametrize("bad", ["%20", "x" * 65])
async def test_an_id_that_is_none_is_refused(office, bad):
    problem(await office.put(f"/organizations/{bad}", json=FACTS), 422, "invalid_request")


@pytest.mark.parametrize("bad", ["false", 0, None], ids=repr)
async def test_whether_it_is_authorized_is_said_by_true_or_false_only(office, bad):
    problem(await office.put(PATH, json=FACTS | {"authorized": bad}), 422, "invalid_request")


def test_the_latest_word_holds_in_whatever_order_they_come():
    words = [(EMPLOYER, NOW), (CLOSED, NOW + timedelta(minutes=2)),
             (MOVED, NOW + timedelta(minutes=1))]  # fmt: skip
    for order in (words, words[::-1], [words[1], words[0], words[2]]):
        assert organizations.hear({}, order)[EMPLOYER.id].facts == CLOSED


def test_an_edit_teaches_only_what_is_not_known():
    known = {EMPLOYER.id: Known(EMPLOYER, NOW)}
    assert organizations.learn(known, [(CLOSED, NOW + timedelta(1))]) == known
    assert organizations.learn({}, [(CLOSED, NOW)])[EMPLOYER.id].facts == CLOSED
