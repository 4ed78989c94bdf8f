"""DOMAIN, "Who may do what": each actor at each door, on a real PostgreSQL."""

import pytest

from tests.builders import AGREED, an_id
from tests.certificates.town import ROLES, born
from tests.doors import bearer, said

CHECKED = {"checked_documents": ["Паспорт"], "consent": True}
WHY = {"reason": "mistake"}
TOO_YOUNG = "student_under_14, own_account_required"
NOT_THERE, SIGN_IN = "it is not there", "sign in first"
STRANGERS = [who for who in ROLES if who != "clerk"]

FAMILY = [
    ("teen", "sees the page of", "teen", "the button"),
    ("teen", "asks for", "teen", "issued"),
    ("teen", "sees the page of", "kid", NOT_THERE),
    ("teen", "asks for", "kid", NOT_THERE),
    ("kid", "sees the page of", "kid", TOO_YOUNG),
    ("kid", "asks for", "kid", f"refused: {TOO_YOUNG}"),
    ("parent", "sees the page of", "kid", "the button"),
    ("parent", "asks for", "kid", "issued"),
    ("parent", "sees the page of", "teen", "the button"),
    ("parent", "asks for", "teen", "issued"),
    ("parent", "annuls", "kid", "annulled"),
    ("parent", "sees the page of", "boy", NOT_THERE),
    ("parent", "asks for", "boy", NOT_THERE),
    ("parent", "agrees for", "boy", NOT_THERE),
    ("other parent", "sees the page of", "kid", NOT_THERE),
    ("other parent", "asks for", "kid", NOT_THERE),
    ("other parent", "agrees for", "kid", NOT_THERE),
]
SCHOOL = [
    ("teacher", "sees the page of", "kid", "the button"),
    ("teacher", "asks for", "kid", "issued"),
    ("teacher", "sees the page of", "boy", NOT_THERE),
    ("teacher", "asks for", "boy", NOT_THERE),
    ("head", "asks for", "boy", "issued"),
    ("head", "asks for", "kid", NOT_THERE),
]
DESK = [
    ("clerk", "finds by number", "kid", "found"),
    ("clerk", "finds by name and birth date", "kid", "found"),
    ("clerk", "activates", "kid", "active"),
    ("clerk", "suspends", "kid", "suspended"),
    ("clerk", "resumes", "kid", "active"),
    ("clerk", "annuls", "kid", "annulled"),
    *((who, "finds by number", "kid", NOT_THERE) for who in STRANGERS),
    *((who, "finds by name and birth date", "kid", NOT_THERE) for who in STRANGERS),
    *((who, "activates", "kid", NOT_THERE) for who in STRANGERS),
    *((who, "suspends", "kid", NOT_THERE) for who in STRANGERS),
    *((who, "resumes", "kid", NOT_THERE) for who in STRANGERS),
    *((who, "annuls", "kid", NOT_THERE) for who in STRANGERS if who != "parent"),
]
OPERATOR = [
    ("operator", "changes the rules of", "the region", "changed"),
    *((who, "changes the rules of", "the region", NOT_THERE) for who in ROLES if who != "operator"),
]
OUTSIDE = [
    (who, action, "kid", NOT_THERE)
    for who in ("clerk", "operator", "program")
    for action in ("sees the page of", "asks for")
]


async def see(town, who, child) -> str:
    answer = await town.calls(who, "GET", f"/children/{an_id(child)}/certificate")
    if not answer.is_success:
        return refusal(answer)
    reasons = answer.json()["eligibility"]["reasons"]
    return ", ".join(reason["code"] for reason in reasons) or "the button"


async def ask(town, who, child) -> str:
    answer = await town.calls(who, "POST", f"/children/{an_id(child)}/certificate-requests")
    if not answer.is_success:
        return refusal(answer)
    await town.accepted()
    return await town.outcome(answer.json()["request_id"])


async def agree(town, who, child) -> str:
    path = f"/children/{an_id(child)}/consents"
    answer = await town.calls(who, "POST", path, json={"text_version": AGREED.version})
    return "agreed" if answer.is_success else refusal(answer)


async def find(town, who, **query) -> str:
    answer = await town.calls(who, "GET", "/certificates", params=query)
    return "found" if answer.is_success and answer.json()["items"] else refusal(answer)


async def find_by_number(town, who, child) -> str:
    return await find(town, who, number=await town.number())


async def find_by_name(town, who, child) -> str:
    await town.number()
    day = born(10).isoformat()
    return await find(town, who, name="Иванов", birth_date=day, reason="родитель на приёме")


def change(what: str, status: str, body: object):
    """The kid's certificate, which has this status, is changed."""

    async def by(town, who, child) -> str:
        path = f"/certificates/{await town.number()}/{what}"
        await town.pool.execute("UPDATE certificates SET status = $1", status)
        answer = await town.calls(who, "POST", path, json=body)
        return answer.json()["status"] if answer.is_success else refusal(answer)

    return by


async def change_rules(town, who, _) -> str:
    shown = await town.calls(who, "GET", "/rules")
    answer = await town.calls(who, "PUT", "/rules/region", json={"minimum_age": 6})
    assert shown.status_code == answer.status_code
    return "changed" if answer.is_success else refusal(answer)


def refusal(answer) -> str:
    return {401: SIGN_IN, 404: NOT_THERE}[answer.status_code]


ACTIONS = {
    "sees the page of": see,
    "asks for": ask,
    "agrees for": agree,
    "finds by number": find_by_number,
    "finds by name and birth date": find_by_name,
    "activates": change("activation", "pending_activation", CHECKED),
    "suspends": change("suspension", "active", WHY),
    "resumes": change("resumption", "suspended", WHY),
    "annuls": change("annulment", "pending_activation", WHY),
    "changes the rules of": change_rules,
}
NOBODY = [
    ("nobody", action, "the region" if "rules" in action else "kid", SIGN_IN) for action in ACTIONS
]
ROWS = [*FAMILY, *SCHOOL, *DESK, *OPERATOR, *OUTSIDE, *NOBODY]


@pytest.mark.parametrize(
    ("who", "action", "whom", "expected"),
    ROWS,
    ids=[f"{who} {action} {whom}: {expected}" for who, action, whom, expected in ROWS],
)
async def test_who_may_do_what(settled, who, action, whom, expected):
    town = await settled()
    assert await ACTIONS[action](town, who, whom) == expected
    if expected in {NOT_THERE, SIGN_IN}:
        kinds = [one.kind for one in await said(town.pool)]
        assert kinds in ([], ["certificate.issued"])  # what it was tried on, and nothing more


async def test_a_role_that_is_only_in_the_token_opens_nothing(settled):
    """Who works where is what identity's events said, not what a token says of itself."""
    town = await settled()
    boasting = bearer("parent", "parent", "staff", "operator", organization="centre")
    for path in (f"/certificates?number={await town.number()}", "/rules"):
        assert refusal(await town.calls("nobody", "GET", path, headers=boasting)) == NOT_THERE


BEHALF = [
    ("teacher", "staff", "kid", "issued"),
    ("teacher", "staff", "boy", "refused: child_not_linked"),
    ("clerk", "staff", "kid", "refused: child_not_linked"),
    ("parent", "staff", "kid", "refused: child_not_linked"),
    ("teen", "student", "kid", "refused: child_not_linked"),
    ("teen", "parent", "teen", "not decided"),  # waits for a link
    ("teen", "student", "teen", "issued"),
    ("kid", "student", "kid", f"refused: {TOO_YOUNG}"),
    ("kid", "staff", "kid", "refused: child_not_linked"),
    ("head", "student", "head", "refused: child_not_linked, not_enrolled, age_out_of_range"),
    ("operator", "staff", "kid", "refused: child_not_linked"),
]


@pytest.mark.parametrize(
    ("who", "role", "child", "expected"),
    BEHALF,
    ids=[f"{who} as {role} for {child}: {expected}" for who, role, child, expected in BEHALF],
)
async def test_a_request_as_an_event_is_decided_by_what_its_sender_is_not_says(
    settled, who, role, child, expected
):
    assert await (await settled()).decides(who, role, child) == expected


@pytest.mark.parametrize(
    "path", ["/children/x/certificate", "/certificate-requests/x", "/children/1/certificate"]
)
async def test_an_address_with_a_wrong_id_is_told_so(settled, path):
    answer = await (await settled()).calls("parent", "GET", path)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    "path", [f"/children/{an_id('x')}/certificate", f"/certificate-requests/{an_id('x')}"]
)
async def test_an_id_of_nothing_is_not_there(settled, path):
    assert refusal(await (await settled()).calls("parent", "GET", path)) == NOT_THERE
