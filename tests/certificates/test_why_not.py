"""DOMAIN, "Why the button is not there": each code from real rows, on the page and as an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from certificates.reasons import FORBIDDEN, REASONS
from chassis import parking
from contracts.values import RefusalCode

from tests.builders import a_user, an_id
from tests.certificates.town import ROLES, an_adult, born
from tests.doors import problem, said

LIVING = ("pending_activation", "active", "suspended")
UNDER_14 = ("student_under_14", "own_account_required")
PARENT_OF_NONE = an_adult("parent of none", "parent")


@dataclass(frozen=True)
class Row:
    """The sentence is the test's name. `holds`: the child's certificate has this status."""

    sentence: str
    codes: Sequence[str] = ()
    rules: Mapping[str, Any] = field(default_factory=dict)
    told: Sequence[Any] = ()
    holds: str | None = None
    who: str = "parent"
    child: str = "kid"


def aged(years: int, child: str = "kid"):
    return (a_user(child, born=born(years), version=2),)


ROWS = [
    Row("nothing is in the way of a linked parent of an enrolled child"),
    Row("module_disabled while the region has the module off",
        ["module_disabled"], rules={"module_enabled": False}),
    Row("module_disabled while the child's municipality has the module off",
        ["module_disabled"], rules={"module_off_in": frozenset({"m1"})}),
    Row("another municipality's module that is off is in nobody's way here",
        rules={"module_off_in": frozenset({"m2"})}),
    *(Row(f"already_has_certificate while it is {status}", ["already_has_certificate"],
          holds=status) for status in LIVING),
    *(Row(f"a certificate that is {status} is not in the way", holds=status)
      for status in ("expired", "annulled")),
    Row("student_under_14 and own_account_required before the 14th birthday",
        UNDER_14, who="kid"),
    Row("a student of 14 is let in", told=aged(14, "teen"), who="teen", child="teen"),
    Row("not_enrolled anywhere", ["not_enrolled"],
        told=[a_user("kid", born=born(10), enrolled=False, version=2)]),
    Row("age_out_of_range at 4", ["age_out_of_range"], told=aged(4)),
    Row("nothing at 5", told=aged(5)),
    Row("age_out_of_range at 6 where the minimum is 7", ["age_out_of_range"],
        told=aged(6), rules={"minimum_age": 7}),
    Row("nothing at 17", told=aged(17)),
    Row("age_out_of_range at 18", ["age_out_of_range"], told=aged(18)),
    Row("every rule that fails is named",
        ["module_disabled", "not_enrolled", "age_out_of_range"],
        rules={"module_enabled": False},
        told=[a_user("kid", born=born(4), enrolled=False, version=2)]),
]  # fmt: skip


PARENTS = [row for row in ROWS if row.who == "parent"]


async def as_told(settled, row):
    town = await settled(**row.rules)
    await town.hears(*row.told)
    if row.holds:
        await town.number()
        await town.pool.execute("UPDATE certificates SET status = $1", row.holds)
        await town.pool.execute("DELETE FROM certificate_requests")
    return town


@pytest.mark.parametrize("row", ROWS, ids=[row.sentence for row in ROWS])
async def test_why_the_button_is_not_there(settled, row):
    """The page and the answer to a request that comes as an event say the same."""
    town = await as_told(settled, row)
    assert await town.codes(row.who, row.child) == list(row.codes)
    name = f"{row.who} again" if row.holds else None
    answer = await town.decides(row.who, ROLES[row.who], row.child, name)
    assert answer == (f"refused: {', '.join(row.codes)}" if row.codes else "issued")


@pytest.mark.parametrize("row", PARENTS, ids=[row.sentence for row in PARENTS])
async def test_a_parent_is_told_why_not_before_being_asked_for_consent(settled, row):
    """The page's own reasons; nobody agrees to what then leads to nothing."""
    town = await as_told(settled, row)
    await town.pool.execute("DELETE FROM consents")
    answer = await town.presses("parent", row.child)
    if not row.codes:
        problem(answer, 409, "consent_needed")
        return
    told = problem(answer, 409, "not_eligible")
    page = (await town.calls("parent", "GET", f"/children/{an_id(row.child)}/certificate")).json()
    assert told["reasons"] == page["eligibility"]["reasons"]
    assert [reason["code"] for reason in told["reasons"]] == list(row.codes)
    assert told["detail"].startswith(told["reasons"][0]["message"])
    assert page["consent_needed"]
    assert not [one for one in await said(town.pool) if one.kind == "certificate.requested"]


async def test_a_press_that_is_repeated_does_not_stand_in_its_own_way(settled):
    """Another one does: who has not agreed is told of it, and not asked for consent."""
    town = await settled()
    assert (await town.presses("parent", "kid")).status_code == 202
    await town.pool.execute("DELETE FROM consents")
    told = problem(await town.presses("parent", "kid", "another"), 409, "not_eligible")
    assert [reason["code"] for reason in told["reasons"]] == ["request_in_progress"]
    problem(await town.presses("parent", "kid"), 409, "consent_needed")


@pytest.mark.parametrize(
    ("who", "codes"),
    [("parent of none", {"no_linked_child", "child_not_linked"}),
     ("other parent", {"child_not_linked"})],
    ids=["no_linked_child for a parent without any", "child_not_linked for a child of others"],
)  # fmt: skip
async def test_a_request_for_a_child_who_is_not_linked_is_refused_once_time_is_up(
    settled, who, codes
):
    """Over HTTP such a page is not there (test_children). The link may be on its way."""
    town = await settled()
    await town.hears(PARENT_OF_NONE)
    assert await town.decides(who, "parent", "kid") == "not decided"
    await town.pool.execute("UPDATE parked SET parked_at = now() - interval '31 s', due_at = now()")
    await parking.try_due(town.door, 10)
    row = await town.pool.fetchrow("SELECT status, codes FROM certificate_requests")
    assert (row["status"], set(row["codes"])) == ("refused", codes)


async def test_request_in_progress_until_it_is_decided(settled):
    town = await settled()
    await town.calls("parent", "POST", f"/children/{an_id('kid')}/certificate-requests")
    assert await town.codes("parent", "kid") == ["request_in_progress"]
    await town.accepted()
    assert await town.codes("parent", "kid") == ["already_has_certificate"]


@pytest.mark.parametrize("status", LIVING)
async def test_the_database_itself_refuses_a_second_living_certificate(settled, status):
    town = await settled()
    await town.number()
    with pytest.raises(asyncpg.UniqueViolationError, match="one_living_certificate"):
        await town.pool.execute(
            """INSERT INTO certificates (certificate_id, child_id, request_id, number, status,
                version, valid_from, valid_until, issued_at)
            SELECT gen_random_uuid(), child_id, gen_random_uuid(), '780000000011', $1, 1,
                valid_from, valid_until, issued_at FROM certificates""",
            status,
        )


def test_every_code_has_a_sentence_for_the_family_and_what_to_do():
    assert set(REASONS) == set(RefusalCode)
    assert all(part for said in (*REASONS.values(), *FORBIDDEN.values()) for part in said)


def test_every_code_of_the_table_has_its_row():
    """No code is added without its row here. A withdrawal is no rule of the button."""
    rows = {code for row in ROWS for code in row.codes}
    elsewhere = {"no_linked_child", "child_not_linked", "request_in_progress"}
    assert rows | elsewhere | {"consent_withdrawn"} == {code.value for code in RefusalCode}
