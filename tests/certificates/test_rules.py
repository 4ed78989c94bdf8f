"""The operator changes the region's and a municipality's rules while the service runs."""

import pytest

from tests.builders import a_record, a_user, an_id
from tests.doors import bearer, problem

OPERATOR, PARENT = bearer("operator", "operator"), bearer("parent", "parent")
PAGE = f"/children/{an_id('child')}/certificate"


def elsewhere():
    return a_user().person.model_copy(update={"municipality": "m2"})


async def codes(client) -> set[str]:
    page = (await client.get(PAGE, headers=PARENT)).json()
    return {reason["code"] for reason in page["eligibility"]["reasons"]}


async def put(client, where, **rules):
    answer = await client.put(f"/rules/{where}", json=rules, headers=OPERATOR)
    assert answer.status_code == 200
    return answer.json()["items"]


async def test_the_module_is_switched_off_and_on_for_the_region(client):
    await put(client, "region", module_enabled=False)
    assert await codes(client) == {"module_disabled"}
    await put(client, "region", module_enabled=True)
    assert await codes(client) == set()


async def test_a_municipality_is_off_while_the_region_is_on(client):
    await put(client, "municipalities/m1", module_enabled=False)
    assert await codes(client) == {"module_disabled"}
    await put(client, "municipalities/m1", module_enabled=None)
    await put(client, "municipalities/m2", module_enabled=False)
    assert await codes(client) == set()


async def test_no_municipality_is_on_while_the_region_is_off(client):
    await put(client, "municipalities/m1", module_enabled=True)
    await put(client, "region", module_enabled=False)
    assert await codes(client) == {"module_disabled"}


async def test_a_municipalitys_minimum_age_wins_over_the_regions(client):
    await put(client, "region", minimum_age=12)
    assert await codes(client) == {"age_out_of_range"}
    await put(client, "municipalities/m1", minimum_age=7)
    assert await codes(client) == set()


async def test_who_changed_what_is_shown_and_journalled(client, town):
    (item,) = await put(client, "municipalities/m1", validity="days:90")
    assert (item["municipality"], item["validity"]) == ("m1", "days:90")
    assert item["changed_by"] == str(an_id("operator"))
    told = await town.store.pool.fetchval("SELECT details FROM journal WHERE action = $1",
                                          "rules_changed")  # fmt: skip
    assert "days:90" in told


async def test_each_rule_says_how_many_children_it_is_about_so_that_a_typo_is_seen(client, town):
    await town.consume([a_record(a_user("elsewhere").model_copy(update={"person": elsewhere()}))])
    for where in ("region", "municipalities/m1", "municipalities/нет-такого"):
        items = await put(client, where, module_enabled=False)
    students = "SELECT count(*) FROM people WHERE 'student' = ANY(roles)"
    everybody = await town.store.pool.fetchval(students)
    told = {item["municipality"]: item["children"] for item in items}
    assert told == {None: everybody, "m1": everybody - 1, "нет-такого": 0}
    shown = (await client.get("/rules", headers=OPERATOR)).json()["items"]
    assert shown == items


@pytest.mark.parametrize(
    ("rules", "code"),
    [({"validity": "forever"}, "invalid_validity"), ({"minimum_age": 18}, "invalid_request"),
     ({"minimum_age": -1}, "invalid_request"), ({"other": 1}, "invalid_request")],
)  # fmt: skip
async def test_a_rule_that_cannot_be_is_refused(client, rules, code):
    problem(await client.put("/rules/region", json=rules, headers=OPERATOR), 422, code)
