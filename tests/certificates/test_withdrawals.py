"""A withdrawn consent waits for an operator's decision, and nobody can forget it."""

from datetime import timedelta

import pytest
from certificates import main, withdrawals
from certificates.retention import RULES
from certificates.settings import Settings
from chassis import clock, counting, retention
from chassis.command_line import Refused
from chassis.journal import os_user
from prometheus_client import REGISTRY

from tests.builders import AGREED, NOW, a_link, a_record, an_id
from tests.certificates.conftest import a_parent
from tests.certificates.test_erasure import erased
from tests.doors import bearer

PARENT, CHILD = bearer("parent", "parent"), an_id("child")
CONSENTS = f"/children/{CHILD}/consents"
WITHDRAW = f"{CONSENTS}/withdrawal"
MINE = "0008_withdrawn_consents.sql"
GROUND = "статья 6, часть 1, пункт 4: муниципальная услуга"


@pytest.fixture
def settings(settings_for):
    return settings_for(Settings)


@pytest.fixture
def run(town, settings):
    """The operator's command, on the town's database."""

    async def run(*words: str) -> list[str]:
        return await withdrawals.run(withdrawals.arguments_of(words), settings)

    return run


async def age_of_oldest(town, settings) -> float:
    await counting.tell(town.store.pool, main.make(settings).oldest)
    labels = {"table": "consents", "state": "withdrawn"}
    age = REGISTRY.get_sample_value("oldest_row_age_seconds", labels)
    assert age is not None
    return age


async def test_a_withdrawn_consent_is_listed_with_the_day_of_its_decision(client, run, settings):
    assert await run("list") == ["None."]
    await client.post(WITHDRAW, headers=PARENT)
    (line,) = await run("list")
    today = clock.day_in(settings.region().zone, clock.now())
    assert line.startswith(str(an_id("c child")))
    for part in (f"child {CHILD}", f"given by {an_id('parent')}", f"withdrawn {today}",
                 f"decide by {today + timedelta(days=30)}"):  # fmt: skip
        assert part in line
    assert "OVERDUE" not in line
    assert "another consent" not in line


async def test_one_that_waits_too_long_is_marked_and_tells_a_metric(client, town, run, settings):
    assert await age_of_oldest(town, settings) == 0
    await client.post(WITHDRAW, headers=PARENT)
    await town.store.pool.execute(
        "UPDATE consents SET withdrawn_at = withdrawn_at - interval '31 days'"
        " WHERE state = 'withdrawn'"
    )
    assert "OVERDUE" in (await run("list"))[0]
    days_31 = timedelta(days=31).total_seconds()
    assert days_31 <= await age_of_oldest(town, settings) < days_31 + 600


async def test_what_is_kept_on_a_ground_waits_no_more_and_is_journalled(client, town, run):
    await client.post(WITHDRAW, headers=PARENT)
    await run("keep", str(an_id("c child")), "--ground", GROUND)
    assert await run("list") == ["None."]
    entry = await town.store.pool.fetchrow("SELECT * FROM journal ORDER BY id DESC LIMIT 1")
    assert (entry["action"], entry["actor"], entry["subject"]) == ("consent_kept", "cli", CHILD)
    assert entry["details"].endswith(f"consent {an_id('c child')}; {GROUND}")
    with pytest.raises(Refused, match="waits for a decision"):
        await run("keep", str(an_id("c child")), "--ground", GROUND)


async def test_the_family_sees_the_ground_and_the_operator_also_who_ran_the_command(
    client, town, run, number
):
    await client.post(WITHDRAW, headers=PARENT)
    await run("keep", str(an_id("c child")), "--ground", GROUND)
    seen = (await client.get(f"/certificates/{number}/history", headers=PARENT)).json()["items"]
    told = [(one["actor"], one["details"]) for one in seen if one["action"] == "consent_kept"]
    assert told == [("cli", GROUND)]
    asked = {"subject": str(CHILD)}
    journal = await client.get("/journal", headers=bearer("operator", "operator"), params=asked)
    (entry,) = [one for one in journal.json()["items"] if one["action"] == "consent_kept"]
    assert entry["details"] == f"os user {os_user()}; consent {an_id('c child')}; {GROUND}"


async def test_one_that_nobody_decided_on_is_kept_until_somebody_does(client, town, run):
    await client.post(WITHDRAW, headers=PARENT)
    in_ten_years = clock.now() + timedelta(days=3660)
    await retention.tidy(town.store.pool, RULES, in_ten_years)
    assert len(await run("list")) == 1
    await run("keep", str(an_id("c child")), "--ground", GROUND)
    await retention.tidy(town.store.pool, RULES, in_ten_years)
    assert not await town.store.pool.fetchval(
        "SELECT count(*) FROM consents WHERE child_id = $1", CHILD
    )


async def test_a_consent_that_stands_cannot_be_kept(town, run):
    with pytest.raises(Refused):
        await run("keep", str(an_id("c child")), "--ground", GROUND)
    assert await town.store.pool.fetch("SELECT * FROM journal") == []


async def test_the_erasure_of_the_child_is_the_decision(client, town, run):
    await client.post(WITHDRAW, headers=PARENT)
    sister = f"/children/{an_id('sister')}/consents/withdrawal"
    await client.post(sister, headers=PARENT)
    await town.consume([erased()])
    (line,) = await run("list")
    assert str(an_id("sister")) in line


async def test_who_withdraws_for_an_erased_child_leaves_nothing_to_decide(client, town, run):
    await town.consume([erased()])
    await client.post(WITHDRAW, headers=PARENT)
    assert await run("list") == ["None."]


async def test_who_agrees_again_leaves_nothing_to_decide(client, run):
    await client.post(WITHDRAW, headers=PARENT)
    given = await client.post(CONSENTS, headers=PARENT, json={"text_version": AGREED.version})
    assert given.status_code == 201
    assert await run("list") == ["None."]


async def test_a_late_retry_of_an_agreement_leaves_the_withdrawal_waiting(client, run):
    """The same press as before the withdrawal is no new consent."""
    once, text = PARENT | {"Idempotency-Key": "one"}, {"text_version": AGREED.version}
    await client.post(WITHDRAW, headers=PARENT)
    await client.post(CONSENTS, headers=once, json=text)
    await client.post(WITHDRAW, headers=PARENT)
    await client.post(CONSENTS, headers=once, json=text)
    assert len(await run("list")) == 1


async def test_another_parents_consent_is_told(client, town, run):
    await town.consume([a_record(a_parent("father")), a_record(a_link("father", "child"))])
    text = {"text_version": AGREED.version}
    given = await client.post(CONSENTS, headers=bearer("father", "parent"), json=text)
    assert given.status_code == 201
    await client.post(WITHDRAW, headers=PARENT)
    (line,) = await run("list")
    assert line.endswith("another consent for this child stands")


@pytest.mark.parametrize("ground", ["", "  ", "я" * 301])
def test_a_ground_is_said_in_words(ground):
    with pytest.raises(SystemExit):
        withdrawals.arguments_of(["keep", str(an_id("c")), "--ground", ground])


async def test_what_was_withdrawn_before_the_states_came_waits_where_it_must(migrated_without):
    """Of consents that were given anew, and of erased children, nothing waits."""
    pool, go_on = await migrated_without(Settings, "certificates", MINE)
    await pool.execute(
        "INSERT INTO people (user_id, version, erased) VALUES ($1, 1, true)", an_id("erased")
    )
    for name, child, hours in (
        ("stands", "a", (1, None)), ("waits", "b", (1, 2)), ("erased", "erased", (1, 2)),
        ("again", "c", (1, 2)), ("anew", "c", (2, None)),
    ):  # fmt: skip
        given, withdrawn = (None if hour is None else NOW.replace(hour=hour) for hour in hours)
        await pool.execute(
            "INSERT INTO consents VALUES ($1, $2, $3, 'certificate', '2026-11', $4, $5)",
            an_id(name), an_id(child), an_id("parent"), given, withdrawn,
        )  # fmt: skip
    await go_on()
    rows = await pool.fetch("SELECT consent_id, state FROM consents")
    assert {row["consent_id"]: row["state"] for row in rows} == {
        an_id("stands"): "given", an_id("waits"): "withdrawn", an_id("erased"): "erased",
        an_id("again"): "replaced", an_id("anew"): "given",
    }  # fmt: skip
