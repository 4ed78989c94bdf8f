"""The family sees the whole story, from who asked on, and where those who acted work."""

import pytest
from certificates.reasons import why_refused
from chassis import clock
from contracts.values import Organization, RefusalCode

from tests.builders import a_record, a_request, a_user, an_id
from tests.certificates.conftest import CENTRE
from tests.certificates.test_consent import hear_of_the_presses
from tests.certificates.test_erasure import CHECKED
from tests.doors import bearer

PARENT, CHILD = bearer("parent", "parent"), an_id("child")
ASK = f"/children/{CHILD}/certificate-requests"


async def story(client, number: str) -> list[dict]:
    """The deeds, the oldest first."""
    address = f"/certificates/{number}/history"
    answer = await client.get(address, headers=PARENT, params={"only": "deeds"})
    assert answer.status_code == 200, answer.text
    return list(reversed(answer.json()["items"]))


async def the_number(town) -> str:
    return await town.store.pool.fetchval("SELECT number FROM certificates")


async def test_a_press_here_and_what_came_of_it_are_one_line_each(client, town):
    await client.post(ASK, headers=PARENT)
    await hear_of_the_presses(town)
    asked, issued = await story(client, await the_number(town))
    assert (asked["action"], asked["actor"], asked["actor_id"]) == (
        "requested", "parent", str(an_id("parent")),
    )  # fmt: skip
    assert (issued["action"], issued["actor"], issued["actor_id"]) == ("issued", "system", None)
    assert asked["at"] == issued["at"]


@pytest.mark.parametrize(
    ("who", "role", "organization"),
    [("parent", "parent", None), ("schoolmaster", "staff", "school-1")],
)
async def test_a_request_from_elsewhere_tells_who_asked_and_when(
    client, town, who, role, organization
):
    asked = a_request("child", who, role=role)
    await town.consume([a_record(asked)])
    await town.consume([a_record(asked)])  # told again, it is the same request
    first, issued = await story(client, await the_number(town))
    assert (first["action"], first["actor"], first["actor_id"], first["organization"]) == (
        "requested", role, str(an_id(who)), organization,
    )  # fmt: skip
    assert first["at"] == asked.requested_at.isoformat().replace("+00:00", "Z")
    assert issued["action"] == "issued"


def test_a_history_has_words_for_every_reason_to_refuse():
    for code in RefusalCode:
        assert why_refused(code) != code


async def test_what_a_withdrawal_refuses_is_told_with_what_was_asked(client, town):
    """The decision is not heard here: the withdrawal comes first."""
    await client.post(ASK, headers=PARENT)
    await client.post(f"/children/{CHILD}/consents/withdrawal", headers=PARENT)
    told = await town.store.pool.fetch(
        "SELECT action, details FROM journal WHERE subject = $1 AND actor = 'system'", CHILD
    )
    assert [tuple(row) for row in told] == [("refused", "consent_withdrawn")]


async def test_a_refusal_before_it_is_told_in_words_and_the_journal_has_the_codes(client, town):
    for role, name in (("staff", "no employee"), ("parent", "good")):
        asked = a_request("child", "parent", role=role, name=name)
        await town.consume([a_record(asked.model_copy(update={"requested_at": clock.now()}))])
    told = [
        one for one in await story(client, await the_number(town)) if one["action"] == "refused"
    ]
    assert [one["details"] for one in told] == [
        "ребёнок не был прикреплён к учётной записи того, кто просил"
    ]
    kept = "SELECT details FROM journal WHERE action = 'refused'"
    assert await town.store.pool.fetchval(kept) == "child_not_linked"


async def test_the_organization_of_staff_is_named_as_it_is_called_now(client, town, number):
    path = f"/certificates/{number}/activation"
    await client.post(path, json=CHECKED, headers=bearer("clerk", "staff"))
    assert await named(client, number) == {("activated", "centre", "Центр")}
    palace = CENTRE.model_copy(update={"name": "Дворец творчества"})
    for name in ("clerk", "teacher"):  # identity says it of all who work there
        await town.consume([a_record(an_employee(name, palace))])
    assert await named(client, number) == {("activated", "centre", "Дворец творчества")}


async def test_of_an_organization_where_nobody_is_known_to_work_any_more_the_id_is_shown(
    client, town, number
):
    path = f"/certificates/{number}/activation"
    await client.post(path, json=CHECKED, headers=bearer("clerk", "staff"))
    other = CENTRE.model_copy(update={"id": "other"})
    for name in ("clerk", "teacher"):
        await town.consume([a_record(an_employee(name, other))])
    assert await named(client, number) == {("activated", "centre", None)}


def an_employee(name: str, organization: Organization):
    """What identity says anew of somebody who works there."""
    works = {"role": "staff", "born": None, "enrolled": False, "organization": organization}
    return a_user(name, version=2, **works)


async def named(client, number: str) -> set[tuple[str, str, str | None]]:
    return {
        (one["action"], one["organization"], one["organization_name"])
        for one in await story(client, number)
        if one["organization"]
    }
