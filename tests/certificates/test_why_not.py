"""DOMAIN, "Why the button is not there": each code at the doors, from real rows."""

import asyncpg
import pytest
from certificates import api
from certificates.reasons import NOT_ACTIVATED, REASONS
from certificates.settings import Settings
from chassis import parking
from contracts.values import CertificateStatus, RefusalCode

from tests.builders import a_user, an_id
from tests.certificates.town import a_desk, an_adult, born, town
from tests.doors import a_client, bearer

LIVING = ("pending_activation", "active", "suspended")


@pytest.fixture
def town_where(settings_for, migrated):
    """A desk under the region's settings, with everybody in town known."""

    async def make(**region):
        settings = settings_for(Settings, **region)
        desk = await a_desk(settings, await migrated(settings, "certificates"))
        await desk.hears(*town())
        return desk

    return make


async def page(desk, child: str = "kid", who: str = "parent", role: str = "parent") -> list[str]:
    """The codes on the cabinet's page; each comes with a sentence and what to do."""
    region = desk.settings.region()
    async with a_client(desk.door.store, desk.settings, api.router, region) as client:
        path = f"/children/{an_id(child)}/certificate"
        answer = await client.get(path, headers=bearer(who, role))
    reasons = answer.json()["eligibility"]["reasons"]
    assert all(reason["message"] and reason["how_to_fix"] for reason in reasons)
    return [reason["code"] for reason in reasons]


@pytest.mark.parametrize("off", [{"module_enabled": False}, {"module_off_in": frozenset({"m1"})}])
async def test_module_disabled_in_the_region_or_the_childs_municipality(town_where, off):
    desk = await town_where(**off)
    assert await page(desk) == ["module_disabled"]
    assert await desk.decides("parent", "parent", "kid") == "refused: module_disabled"


@pytest.mark.parametrize("status", CertificateStatus)
async def test_already_has_certificate_while_it_lives_and_no_longer(town_where, status):
    desk = await town_where()
    await desk.decides("parent", "parent", "kid")
    await desk.door.store.pool.execute("UPDATE certificates SET status = $1", status)
    expected = ["already_has_certificate"] if status in LIVING else []
    assert await page(desk) == expected


@pytest.mark.parametrize("status", LIVING)
async def test_the_database_itself_refuses_a_second_living_certificate(town_where, status):
    desk = await town_where()
    await desk.decides("parent", "parent", "kid")
    with pytest.raises(asyncpg.UniqueViolationError, match="one_living_certificate"):
        await desk.door.store.pool.execute(
            """INSERT INTO certificates SELECT gen_random_uuid(), child_id, gen_random_uuid(),
            '780000000011', $1, 1, valid_from, valid_until, issued_at FROM certificates""",
            status,
        )


async def test_student_under_14_and_own_account_required(town_where):
    desk = await town_where()
    codes = ["student_under_14", "own_account_required"]
    assert await page(desk, "kid", "kid", "student") == codes
    assert await desk.decides("kid", "student", "kid") == f"refused: {', '.join(codes)}"
    assert await page(desk, "teen", "teen", "student") == []


async def test_no_linked_child_and_child_not_linked(town_where):
    """The page of somebody else's child is not there; a request as an event is refused."""
    desk = await town_where()
    await desk.hears(an_adult("parent of none", "parent"))
    pool = desk.door.store.pool
    for who, codes in (
        ("parent of none", {"no_linked_child", "child_not_linked"}),
        ("other parent", {"child_not_linked"}),
    ):
        assert await desk.decides(who, "parent", "kid") == "not decided"
        await pool.execute("UPDATE parked SET parked_at = now() - interval '31 s', due_at = now()")
        await parking.try_due(desk.door, 10)
        row = await pool.fetchrow("SELECT * FROM certificate_requests WHERE requester_id = $1",
                                  an_id(who))  # fmt: skip
        assert (row["status"], set(row["codes"])) == ("refused", codes)


async def test_not_enrolled(town_where):
    desk = await town_where()
    await desk.hears(a_user("kid", born=born(10), enrolled=False, version=2))
    assert await page(desk) == ["not_enrolled"]
    assert await desk.decides("parent", "parent", "kid") == "refused: not_enrolled"


@pytest.mark.parametrize(("age", "minimum", "out"), [(4, 5, True), (6, 7, True), (7, 7, False)])
async def test_age_out_of_range_below_the_minimum_of_the_region(town_where, age, minimum, out):
    desk = await town_where(minimum_age=minimum)
    await desk.hears(a_user("kid", born=born(age), version=2))
    assert await page(desk) == (["age_out_of_range"] if out else [])


async def test_age_out_of_range_from_the_18th_birthday_on(town_where):
    desk = await town_where()
    await desk.hears(a_user("teen", born=born(18), version=2))
    assert await page(desk, "teen", "teen", "student") == ["age_out_of_range"]
    assert await desk.decides("teen", "student", "teen") == "refused: age_out_of_range"


async def test_request_in_progress_until_it_is_decided(town_where):
    desk = await town_where()
    region = desk.settings.region()
    async with a_client(desk.door.store, desk.settings, api.router, region) as client:
        path = f"/children/{an_id('kid')}/certificate-requests"
        await client.post(path, headers=bearer("parent", "parent"))
    assert await page(desk) == ["request_in_progress"]
    await desk.accepted()
    assert await page(desk) == ["already_has_certificate"]


def test_every_code_has_a_sentence_for_the_family_and_what_to_do():
    assert set(REASONS) == set(RefusalCode)
    assert all(part for said in (*REASONS.values(), *NOT_ACTIVATED.values()) for part in said)
