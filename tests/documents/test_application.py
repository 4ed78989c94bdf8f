"""The application: two blanks for everybody, and filled in for who may know."""

from datetime import date
from typing import Any

import pytest
from contracts import Tombstone, topics
from contracts.events import ChildUnlinked
from documents.on_demand import application

from tests.builders import a_record, a_user, an_id
from tests.documents.desk import a_family, annulled, issued
from tests.documents.sheets import NAMES, READERS, an_application, boxes, by_pdfium, unspaced
from tests.documents.staff import OUTSIDERS, WHY, a_clerk, of_clerks_own
from tests.documents.test_api import OVER_14, UNDER_14
from tests.doors import bearer, problem

BLANK = "/application-template.pdf"
FILLED = f"/children/{an_id('child')}/application.pdf"
CLERK = bearer("clerk", "staff")
UNPRINTABLE = "\U00013000"


@pytest.fixture
async def family(desk):
    await desk.consume(*a_family(), *a_family("neighbour", "neighbours parent"), issued())
    await desk.consume(a_user("parent", role="parent", born=None, version=2, last_name="Петров"))
    return desk


# --- The paper -----------------------------------------------------------------------------------


@pytest.mark.parametrize("read", READERS)
def test_a_parents_application_says_who_asks_whom_for_which_child(read: Any):
    first, consent = read(application.render(an_application()))
    for part in (
        "Заявление на получение сертификата дополнительного образования",
        "Прошу предоставить моему ребёнку сертификат",
        "Дата рождения 01.05.2016",
        "Место обучения Школа № 1",
        "Номер сертификата, если получен 780000000011",
        "СНИЛС",
        "Что взять с собой в уполномоченную организацию",
        "паспорт",
    ):
        assert part in first
    for name in ("Центр творчества «Радуга»", "Иванова Анна Петровна", "Иванов Игорь Иванович"):
        assert name in first
        assert name in consent
    assert "Согласие на обработку персональных данных" in consent
    assert "152-ФЗ" in consent


@pytest.mark.parametrize("read", READERS)
def test_a_students_application_is_their_own(read: Any):
    first, consent = read(application.render(an_application(applicant="student")))
    assert "Прошу предоставить мне сертификат" in first
    assert "Мне исполнилось 14 лет" in first
    assert "Иванов Игорь Иванович" in first
    assert "Иванова Анна Петровна" not in first + consent
    assert "Родитель (законный представитель) с согласием" in consent


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("applicant", "name", "who"),
    [
        ("parent", "Иванова Анна Петровна", "родитель (законный представитель)"),
        ("student", "Иванов Игорь Иванович", "учащийся от 14 лет"),
    ],
)
def test_no_word_beside_a_name_asks_for_another_case_than_the_nominative(
    applicant: Any, name: str, who: str, read: Any
):
    first, consent = read(application.render(an_application(applicant=applicant)))
    assert "Организация Центр творчества «Радуга»" in first
    assert f"Заявитель {name} {who}: фамилия, имя, отчество" in first
    assert f"Я (фамилия, имя, отчество) {name}" in consent
    assert "Организация, получающая согласие Центр творчества «Радуга»" in consent
    if applicant == "parent":
        child = "Ребёнок (фамилия, имя, отчество) Иванов Игорь Иванович"
        assert child in first
        assert child in consent
        assert "как законный представитель" in consent


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("applicant", ["parent", "student"])
def test_a_blank_has_the_same_words_with_nothing_beside_them(applicant: Any, read: Any):
    first, consent = read(application.render(application.ApplicationValues(applicant=applicant)))
    assert "Организация наименование уполномоченной организации" in first
    assert "Заявитель " in first
    assert "Я (фамилия, имя, отчество) " in consent


@pytest.mark.parametrize("applicant", ["parent", "student"])
@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", NAMES)
def test_names_are_printed_letter_by_letter(name: str, read: Any, applicant: Any):
    values = an_application(applicant=applicant, child_name=name, parent_name=name)
    first, consent = read(application.render(values))
    assert unspaced(name) in unspaced(first)
    assert unspaced(name) in unspaced(consent)


@pytest.mark.parametrize("name", ["Анфиса " * 200, "王小明", UNPRINTABLE])
def test_a_name_that_cannot_be_printed_is_left_to_be_written_by_hand(name: str):
    first, _ = by_pdfium(application.render(an_application(child_name=name)))
    assert "Иванова Анна Петровна" in first
    assert name.split(maxsplit=1)[0] not in first


def test_the_longest_texts_stay_inside_the_margins():
    longest = "Абвгдежзик " * 18
    values = an_application(child_name=longest, organization=longest, school=longest)
    for left, _, right, _ in boxes(application.render(values)):
        assert left >= 70
        assert right <= 547


# --- The doors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("applicant", ["parent", "student"])
async def test_everybody_may_have_the_blanks(client, applicant):
    answer = await client.get(BLANK, params={"for": applicant})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"].startswith("public")
    expected = application.render(application.ApplicationValues(applicant=applicant))
    assert answer.content == expected
    assert (await client.get(BLANK, params={"for": applicant})).content == expected


@pytest.mark.parametrize("query", ["", "?for=staff", "?for="])
async def test_a_blank_for_nobody_is_told_as_a_problem(client, query):
    problem(await client.get(BLANK + query), 422, "invalid_request")


async def test_a_parent_gets_it_filled_in_and_it_is_journalled(client, family):
    answer = await client.get(FILLED, headers=bearer("parent", "parent"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    first, _ = by_pdfium(answer.content)
    for part in ("Петров Игорь Иванович", "Иванов Игорь Иванович", "01.05.2016", "Школа № 1"):
        assert part in first
    assert "780000000011" in first
    (row,) = await family.pool.fetch("SELECT * FROM journal")
    assert (row["action"], row["subject"]) == ("downloaded_application", an_id("child"))
    assert (row["actor_id"], row["actor"]) == (an_id("parent"), "parent")
    assert f"certificate {an_id('certificate of child')}" in row["details"]


async def test_before_a_certificate_there_is_no_number_on_it(client, desk):
    await desk.consume(*a_family())
    answer = await client.get(FILLED, headers=bearer("parent", "parent"))
    assert answer.status_code == 200
    assert "78000" not in by_pdfium(answer.content)[0]
    (row,) = await desk.pool.fetch("SELECT * FROM journal")
    assert "certificate" not in row["details"]


async def test_the_number_of_a_certificate_that_is_over_is_not_on_it(client, family):
    await family.consume(annulled())
    answer = await client.get(FILLED, headers=bearer("parent", "parent"))
    assert "78000" not in by_pdfium(answer.content)[0]


@pytest.mark.parametrize(("born", "status"), [(OVER_14, 200), (UNDER_14, 404), (None, 404)])
async def test_a_student_has_their_own_from_14_on(client, desk, born, status):
    await desk.consume(a_user(born=born))
    answer = await client.get(FILLED, headers=bearer("child", "student"))
    assert answer.status_code == status
    if status == 200:
        assert "Прошу предоставить мне" in by_pdfium(answer.content)[0]


async def test_staff_of_an_authorized_organization_print_it_addressed_to_it(client, family):
    await family.consume(a_clerk(), of_clerks_own(version=2))
    answer = await client.get(FILLED, headers=CLERK)
    first, _ = by_pdfium(answer.content)
    assert "Центр творчества" in first
    assert "Иванов Игорь Иванович" in first
    young = await client.get(f"{FILLED}?for=student", headers=CLERK)
    problem(young, 409, "student_under_14")
    await family.consume(of_clerks_own(born=date(2009, 1, 1), version=3))
    older = await client.get(f"{FILLED}?for=student", headers=CLERK)
    assert "Прошу предоставить мне" in by_pdfium(older.content)[0]


@pytest.mark.parametrize("why", [None, "", "abc", " .  " * 20, "нет букв 1"])
async def test_of_a_child_of_others_staff_get_it_only_with_a_reason(client, family, why):
    await family.consume(a_clerk())
    asked = {} if why is None else {"reason": why}
    refused = await client.get(FILLED, params=asked, headers=CLERK)
    problem(refused, 422, "reason_needed" if why is None else "invalid_request")
    assert await family.pool.fetch("SELECT * FROM journal") == []
    assert (await client.get(FILLED, params=WHY, headers=CLERK)).status_code == 200
    (row,) = await family.pool.fetch("SELECT * FROM journal")
    assert (row["actor"], row["actor_id"]) == ("staff", an_id("clerk"))
    assert row["details"].startswith(WHY["reason"])


async def test_a_child_who_has_left_the_organization_is_one_of_others(client, family):
    await family.consume(a_clerk(), of_clerks_own(version=2))
    assert (await client.get(FILLED, headers=CLERK)).status_code == 200
    await family.consume(a_user(version=3))
    problem(await client.get(FILLED, headers=CLERK), 422, "reason_needed")


async def test_of_an_adult_there_is_none_whoever_asks_and_why(client, family):
    await family.consume(a_clerk(), of_clerks_own("parent", role="parent", version=3))
    address = FILLED.replace(str(an_id("child")), str(an_id("parent")))
    for who in (CLERK, bearer("parent", "parent")):
        problem(await client.get(address, params=WHY, headers=who), 404, "not_found")


async def test_who_was_known_before_organizations_were_is_nobodys_own_until_told_again(
    client, family
):
    """The same state, heard once more, brings what was not kept of it."""
    told = [a_clerk(), of_clerks_own(version=2)]
    await family.consume(*told)
    await family.pool.execute(
        "UPDATE people SET enrolled_at = NULL, works_at = NULL, parent = NULL"
    )
    problem(await client.get(FILLED, headers=CLERK), 422, "reason_needed")
    await family.consume(*told)
    assert (await client.get(FILLED, headers=CLERK)).status_code == 200


@pytest.mark.parametrize(("who", "role"), OUTSIDERS)
async def test_it_is_not_there_for_anybody_else(client, family, who, role):
    await family.consume(a_clerk("teacher", authorized=False))
    problem(await client.get(FILLED, headers=bearer(who, role)), 404, "not_found")
    assert await family.pool.fetch("SELECT * FROM journal") == []


async def test_it_is_gone_with_the_link_and_with_the_child(client, family):
    await family.consume(
        ChildUnlinked(parent_id=an_id("parent"), child_id=an_id("child"), version=2), a_clerk()
    )
    problem(await client.get(FILLED, headers=bearer("parent", "parent")), 404, "not_found")
    tombstone = a_record(Tombstone(str(an_id("child"))), topic=topics.IDENTITY_USERS)
    await family.door.consume([tombstone])
    problem(await client.get(FILLED, params=WHY, headers=CLERK), 404, "not_found")
    schools = await family.pool.fetch("SELECT school FROM people WHERE erased")
    assert [row["school"] for row in schools] == [None]


async def test_without_a_token_one_is_told_to_sign_in(client, family):
    problem(await client.get(FILLED), 401, "unauthorized")
