"""Letters that nobody sees are in no name and no login."""

import pytest
from chassis.command_line import Refused
from contracts.ids import user_id
from contracts.values import Role
from identity import visible
from identity.admin import add_user

from tests.builders import a_record
from tests.doors import problem, said
from tests.identity.sgo import EMPLOYER, a_parent, a_user
from tests.identity.test_imports import HEAD, card_of
from tests.identity.test_operator import ANNA

ONE = user_id("1")
TURNED, ZERO_WIDTH, SOFT = "\u202e", "\u200b", "\u00ad"
NAME = {"last_name": "Иванова", "first_name": "Анна"}


@pytest.mark.parametrize(
    "login", ["a b", "a\u00a0b", f"an{ZERO_WIDTH}na", f"{TURNED}anna", f"an{SOFT}na"]
)
async def test_a_login_that_cannot_be_typed_is_refused(door, office, login):
    problem(await office.post("/users", json=ANNA | {"login": login}), 422, "bad_login")
    await door.consume([a_record(a_parent("1"))])
    problem(await office.patch(f"/users/{ONE}", json={"login": login}), 422, "bad_login")
    assert [one.kind for one in await said(door.store.pool)] == ["user.registered"]


@pytest.mark.parametrize("mark", [TURNED, ZERO_WIDTH, SOFT, "\u2028", "\ue000"], ids=ascii)
@pytest.mark.parametrize("part", ["last_name", "first_name", "middle_name"])
async def test_a_name_with_a_mark_that_nobody_sees_is_refused(office, part, mark):
    answer = await office.post("/users", json=ANNA | {"name": NAME | {part: f"Ива{mark}нова"}})
    problem(answer, 422, "invisible")
    assert answer.json()["field"] == part


async def test_where_somebody_works_learns_or_lives_is_written_visibly(office):
    work = EMPLOYER.model_dump(mode="json")
    spoilt = {"name": f"Школа{ZERO_WIDTH}"}
    learn = {"organization_id": "s", "kind": "school", **spoilt}
    for more in ({"organization": work | spoilt, "roles": ["staff"]}, {"enrolments": [learn]},
                 {"municipality": f"m{ZERO_WIDTH}1"}):  # fmt: skip
        problem(await office.post("/users", json=ANNA | more), 422, "invisible")
    del work["id"]
    problem(await office.put("/organizations/1", json=work | spoilt), 422, "invisible")


async def test_names_with_spaces_hyphens_and_dots_are_names(office):
    name = {
        "last_name": "Салтыков-Щедрин",
        "first_name": "Анна Мария",
        "middle_name": "д’Артаньян ибн А.",
    }
    assert (await office.post("/users", json=ANNA | {"name": name})).status_code == 201


async def test_a_file_names_the_cell_with_what_nobody_sees(door, office):
    content = f"{HEAD}1;Иванов;Ян;;учащийся;a b;\n2;Ли{TURNED};Ян;;учащийся;;\n"
    errors = (await card_of(door, office, content))["errors"]
    assert [(one["row"], one["column"], one["code"]) for one in errors] == [
        (2, "login", "bad_login"), (3, "last_name", "invisible"),
    ]  # fmt: skip


async def test_what_sgo_tells_loses_marks_that_nobody_sees_and_nothing_else(door):
    told = a_user("1", last_name=f"{TURNED}Ива{SOFT}нов", login=f"i{ZERO_WIDTH}gor")
    await door.consume([a_record(told)])
    row = await door.store.pool.fetchrow("SELECT full_name, login FROM users")
    assert tuple(row) == ("Иванов Игорь", "igor")
    (one,) = await said(door.store.pool)
    assert one.event["person"]["name"]["last_name"] == "Иванов"


async def test_a_name_of_nothing_visible_is_refused_and_spoils_no_other(door):
    await door.consume([a_record(a_user("1", last_name=ZERO_WIDTH)), a_record(a_user("2"))])
    assert await door.store.pool.fetchval("SELECT count(*) FROM users") == 1
    reason = await door.store.pool.fetchval("SELECT reason FROM quarantine")
    assert reason.startswith("invisible")


async def test_a_command_makes_nobody_with_such_a_login(door):
    with pytest.raises(Refused, match="no spaces"):
        await add_user(door.store, "o lga", Role.operator, "Петрова")


def test_a_change_without_such_marks_is_as_it_was():
    told = a_user("1", login="igor", organization=EMPLOYER)
    assert visible.strip(told) == told
