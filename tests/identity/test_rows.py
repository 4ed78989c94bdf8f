"""What a row of a file says of a user or a link: pure."""

from datetime import date

import pytest
from chassis.cells import BadRow
from contracts.values import SgoRole
from identity import rows
from identity.imports import USERS
from identity.rows import link

from tests.builders import TODAY

LEAST = {"sgo_user_id": "1", "last_name": "Иванова", "first_name": "Анна", "roles": "родитель"}


def user(cells):
    return rows.user(cells, TODAY)


def problems(read, cells) -> list[tuple[str, str]]:
    with pytest.raises(BadRow) as bad:
        read(cells)
    return bad.value.problems


def test_a_row_tells_only_the_columns_that_the_file_has():
    sgo_id, fields = user(LEAST)
    assert (sgo_id, fields.roles) == ("1", (SgoRole.parent,))
    assert fields.model_fields_set == {"name", "roles"}


def test_a_whole_row_is_read_as_people_write_it():
    _, fields = user(
        LEAST | {
            "middle_name": "", "birth_date": "1.2.1990", "roles": "Родитель, сотрудник",
            "login": "anna", "municipality": "m1", "enrolment_id": "", "organization_id": "s1",
            "organization_kind": "Детский  сад", "organization_name": "Сад № 2",
            "organization_municipality": "m1", "organization_authorized": "Да",
        }
    )  # fmt: skip
    assert fields.birth_date == date(1990, 2, 1)
    assert fields.roles == (SgoRole.parent, SgoRole.staff)
    assert (fields.enrolments, fields.name.middle_name) == ((), None)
    assert (fields.organization.kind, fields.organization.authorized) == ("kindergarten", True)


def test_a_place_of_learning_replaces_those_that_were():
    place = {"enrolment_id": "s1", "enrolment_kind": "школа", "enrolment_name": "Школа № 1"}
    _, fields = user(LEAST | place)
    assert [one.organization_id for one in fields.enrolments] == ["s1"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"last_name": ""}, ("last_name", "missing")),
        ({"sgo_user_id": ""}, ("sgo_user_id", "missing")),
        ({"sgo_user_id": "x" * 65}, ("sgo_user_id", "invalid")),
        ({"roles": "король"}, ("roles", "invalid")),
        ({"roles": ""}, ("roles", "missing")),
        ({"roles": "operator"}, ("roles", "invalid")),
        ({"birth_date": "31.02.2016"}, ("birth_date", "invalid")),
        ({"birth_date": "20160201"[:6]}, ("birth_date", "invalid")),
        ({"login": "x" * 201}, ("login", "invalid")),
        ({"enrolment_id": "s1", "enrolment_name": "Школа"}, ("enrolment_kind", "missing")),
        (
            {"organization_id": "", "organization_kind": "школа", "organization_name": "Ш",
             "organization_municipality": "m"},
            ("organization_id", "missing"),
        ),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_by_its_column(cells, expected):
    assert problems(user, LEAST | cells) == [expected]


WHOLE = {
    "roles": "учащийся, сотрудник", "birth_date": "01.02.2000", "enrolment_id": "s1",
    "enrolment_kind": "школа", "enrolment_name": "Школа № 1", "organization_id": "s1",
    "organization_kind": "школа", "organization_name": "Школа № 1",
    "organization_municipality": "m1", "organization_authorized": "нет",
}  # fmt: skip
ALLOWED = [
    (column, value)
    for column, told in rows.USER_ALLOWED.items()
    if "знаков" not in told
    for value in told.partition(" (")[0].removeprefix("дата, как ").split(", ")
]


@pytest.mark.parametrize("column", rows.USER_COLUMNS)
def test_of_a_cell_that_does_not_do_it_is_told_what_does(column):
    assert problems(user, LEAST | WHOLE | {column: "x" * 201}) == [(column, "invalid")]
    assert f". Подходит: {rows.USER_ALLOWED[column]}" in USERS.message(column, "invalid")


@pytest.mark.parametrize(("column", "value"), ALLOWED)
def test_what_is_told_to_do_does(column, value):
    others = {} if column == "roles" else WHOLE
    assert user(LEAST | others | {column: value})


def test_every_bad_cell_of_a_row_is_named():
    """Also what only the day or another cell makes impossible, beside what cannot be read."""
    work = {
        "organization_id": "s1", "organization_kind": "школа", "organization_name": "Школа № 1",
        "organization_municipality": "m1",
    }  # fmt: skip
    bad = {"sgo_user_id": "", "first_name": "", "login": "x" * 201, "birth_date": "01.01.2999"}
    assert sorted(problems(user, LEAST | work | bad)) == [
        ("birth_date", "impossible_date"), ("first_name", "missing"), ("login", "invalid"),
        ("organization_id", "not_staff"), ("sgo_user_id", "missing"),
    ]  # fmt: skip
    assert sorted(problems(user, LEAST | work | {"birth_date": "вчера"})) == [
        ("birth_date", "invalid"), ("organization_id", "not_staff"),
    ]  # fmt: skip


def test_a_link_stands_unless_the_row_says_no():
    pair = {"sgo_parent_id": "2", "sgo_child_id": "1"}
    assert link(pair) == link(pair | {"linked": ""}) == ("2", "1", True)
    assert link(pair | {"linked": "НЕТ"}) == ("2", "1", False)
    assert problems(link, pair | {"linked": "может быть", "sgo_child_id": ""}) == [
        ("sgo_child_id", "missing"), ("linked", "invalid"),
    ]  # fmt: skip
    assert problems(link, {"sgo_parent_id": "1", "sgo_child_id": "1", "linked": "?"}) == [
        ("linked", "invalid"), ("sgo_child_id", "same_person"),
    ]  # fmt: skip
