"""The operator changes the region's and a municipality's rules while the service runs."""

from datetime import date, datetime, timedelta

import pytest
from certificates.decide import Validity
from chassis import clock

from tests.builders import MOSCOW, a_record, a_user, an_id
from tests.certificates.test_who_may import ask, see
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


@pytest.mark.parametrize("where", ["region", "municipalities/m1"])
async def test_a_date_that_is_past_is_refused(settled, where):
    """Yesterday where the families live is past; today is the last day on which one is valid."""
    town = await settled()
    town.at(datetime(2026, 11, 24, 21, 30, tzinfo=MOSCOW))
    rules = {"validity": "2026-11-23"}
    problem(
        await town.calls("operator", "PUT", f"/rules/{where}", json=rules), 422, "validity_is_past"
    )
    rules = {"validity": "2026-11-24"}
    answer = await town.calls("operator", "PUT", f"/rules/{where}", json=rules)
    assert answer.json()["items"][0]["validity"] == "2026-11-24"


@pytest.mark.parametrize("who_set_it", ["the operator", "the settings"])
async def test_once_the_fixed_date_has_passed_nothing_is_issued(settled, who_set_it):
    """The page, the HTTP API and the consumer say module_disabled, by the clock alone."""
    today = clock.day_in(MOSCOW, clock.now())
    by_settings = who_set_it == "the settings"
    town = await settled(validity=Validity(until=today) if by_settings else Validity())
    if not by_settings:
        rules = {"validity": today.isoformat()}
        assert (await town.calls("operator", "PUT", "/rules/region", json=rules)).is_success
    assert await see(town, "parent", "kid") == "the button"
    town.at(clock.now() + timedelta(days=1))
    assert await see(town, "parent", "kid") == "module_disabled"
    assert await ask(town, "parent", "kid") == "refused: module_disabled"
    assert await town.pool.fetchval("SELECT count(*) FROM certificates") == 0


async def test_at_17_ninety_days_end_with_the_18th_birthday(settled):
    town = await settled()
    await town.calls("operator", "PUT", "/rules/region", json={"validity": "days:90"})
    await town.hears(a_user("kid", born=date(2008, 12, 1), version=2))
    town.at(datetime(2026, 11, 24, 12, tzinfo=MOSCOW))
    assert await ask(town, "parent", "kid") == "issued"
    assert await town.pool.fetchval("SELECT valid_until FROM certificates") == date(2026, 11, 30)
