"""DOMAIN, "Who may do what": each actor at each door, on a real PostgreSQL."""

import pytest
from certificates import api
from certificates.settings import Settings

from tests.builders import an_id
from tests.certificates.town import a_desk, town
from tests.doors import a_client, bearer

ROLES = {
    "teen": "student", "kid": "student", "boy": "student", "parent": "parent",
    "other parent": "parent", "lonely parent": "parent", "clerk": "staff", "teacher": "staff",
    "operator": "operator", "program": "client",
}  # fmt: skip
CHECKED = {"checked_documents": ["Паспорт"], "consent": True}
TOO_YOUNG = "student_under_14, own_account_required"
NOT_THERE, SIGN_IN = "it is not there", "sign in first"
FAMILY = [
    ("teen", "see", "teen", "the button"),
    ("teen", "ask", "teen", "issued"),
    ("teen", "see", "kid", NOT_THERE),
    ("teen", "ask", "kid", NOT_THERE),
    ("kid", "see", "kid", TOO_YOUNG),
    ("kid", "ask", "kid", f"refused: {TOO_YOUNG}"),
    ("parent", "see", "kid", "the button"),
    ("parent", "ask", "kid", "issued"),
    ("parent", "see", "teen", "the button"),
    ("parent", "ask", "teen", "issued"),
    ("parent", "see", "boy", NOT_THERE),
    ("parent", "ask", "boy", NOT_THERE),
    ("other parent", "see", "kid", NOT_THERE),
    ("other parent", "ask", "kid", NOT_THERE),
    ("lonely parent", "see", "kid", NOT_THERE),
    ("lonely parent", "ask", "kid", NOT_THERE),
]
OTHERS = [
    (who, action, "kid", SIGN_IN if who == "nobody" else NOT_THERE)
    for who in ("clerk", "teacher", "operator", "program", "nobody")
    for action in ("see", "ask")
]
DESK = [
    ("clerk", "find", "kid", "found"),
    ("clerk", "activate", "kid", "active"),
    *(
        (who, action, "kid", SIGN_IN if who == "nobody" else NOT_THERE)
        for who in ("teacher", "parent", "kid", "teen", "operator", "program", "nobody")
        for action in ("find", "activate")
    ),
]


def promise(who: str, action: str, child: str, expected: str) -> str:
    return f"{who} would {action} for {child}: {expected}"


@pytest.fixture
async def desk(settings_for, migrated):
    settings = settings_for(Settings)
    desk = await a_desk(settings, await migrated(settings, "certificates"))
    await desk.hears(*town())
    return desk


@pytest.fixture
async def client(desk):
    region = desk.settings.region()
    async with a_client(desk.door.store, desk.settings, api.router, region) as client:
        yield client


async def see(client, desk, child, who) -> str:
    answer = await client.get(f"/children/{an_id(child)}/certificate", headers=who)
    if not answer.is_success:
        return _refusal(answer)
    found = answer.json()["eligibility"]
    return ", ".join(reason["code"] for reason in found["reasons"]) or "the button"


async def ask(client, desk, child, who) -> str:
    answer = await client.post(f"/children/{an_id(child)}/certificate-requests", headers=who)
    if not answer.is_success:
        return _refusal(answer)
    await desk.accepted()
    return await desk.outcome(answer.json()["request_id"])


async def find(client, desk, child, who) -> str:
    answer = await client.get("/certificates", params={"number": await _number(desk)}, headers=who)
    return "found" if answer.is_success and answer.json()["items"] else _refusal(answer)


async def activate(client, desk, child, who) -> str:
    path = f"/certificates/{await _number(desk)}/activation"
    answer = await client.post(path, json=CHECKED, headers=who)
    return answer.json()["status"] if answer.is_success else _refusal(answer)


async def _number(desk) -> str:
    """Of the kid's certificate, which the parent has asked for."""
    assert await desk.decides("parent", "parent", "kid") == "issued"
    return await desk.door.store.pool.fetchval("SELECT number FROM certificates")


def _refusal(answer) -> str:
    return {401: SIGN_IN, 404: NOT_THERE}[answer.status_code]


ACTIONS = {"see": see, "ask": ask, "find": find, "activate": activate}
ROWS = [*FAMILY, *OTHERS, *DESK]


@pytest.mark.parametrize(
    ("who", "action", "child", "expected"), ROWS, ids=[promise(*row) for row in ROWS]
)
async def test_who_may_do_what(client, desk, who, action, child, expected):
    headers = {} if who == "nobody" else bearer(who, ROLES[who])
    assert await ACTIONS[action](client, desk, child, headers) == expected


async def test_a_role_that_is_only_in_the_token_opens_nothing(client, desk):
    """Who works where is what identity's events said, not what a token says of itself."""
    boasting = bearer("parent", "parent", "staff", "operator", organization="centre")
    assert await find(client, desk, "kid", boasting) == NOT_THERE


BEHALF = [
    ("teacher", "staff", "kid", "issued"),
    ("teacher", "staff", "boy", "refused: child_not_linked"),
    ("clerk", "staff", "kid", "refused: child_not_linked"),
    ("parent", "staff", "kid", "refused: child_not_linked"),
    ("teen", "student", "kid", "refused: child_not_linked"),
    ("operator", "staff", "kid", "refused: child_not_linked"),
]


@pytest.mark.parametrize(
    ("who", "role", "child", "expected"),
    BEHALF,
    ids=[f"{who} asks as {role} for {child}: {expected}" for who, role, child, expected in BEHALF],
)
async def test_who_may_ask_on_behalf_of_whom(desk, who, role, child, expected):
    assert await desk.decides(who, role, child) == expected


@pytest.mark.parametrize(
    "path", ["/children/x/certificate", "/certificate-requests/x", "/children/1/certificate"]
)
async def test_an_address_with_a_wrong_id_is_told_so(client, path):
    answer = await client.get(path, headers=bearer("parent", "parent"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    "path", [f"/children/{an_id('x')}/certificate", f"/certificate-requests/{an_id('x')}"]
)
async def test_an_id_of_nothing_is_not_there(client, path):
    assert _refusal(await client.get(path, headers=bearer("parent", "parent"))) == NOT_THERE
