"""Machine clients: client credentials, scopes, and a secret that is shown once."""

import base64

import pytest
from chassis.command_line import Refused
from chassis.tokens import TokenCheck
from contracts.values import Role
from identity.admin import add_client, add_user, set_passwords
from joserfc import jwt

from tests.doors import problem
from tests.identity.conftest import own_id

SCOPE = "portal-accounts:read"
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def secret(door):
    return await add_client(door.store, "pfdo", "АИС ПФДО", [SCOPE, "sgo:write"])


async def token_of(door, doors, answer) -> dict:
    assert answer.status_code == 200, answer.text
    keys = (await doors.key_ring(door.store).keys()).key_set()
    return jwt.decode(answer.json()["access_token"], keys, algorithms=["Ed25519"]).claims


def by_form(secret, client_id="pfdo", **more):
    return GRANT | {"client_id": client_id, "client_secret": secret} | more


def by_basic(secret, client_id="pfdo"):
    typed = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {typed}"}


async def test_a_client_gets_a_token_with_its_scopes_by_form_or_basic(door, doors, http, secret):
    for answer in (
        await http.post("/token", data=by_form(secret)),
        await http.post("/token", data=GRANT, headers=by_basic(secret)),
    ):
        claims = await token_of(door, doors, answer)
        assert (claims["sub"], claims["roles"]) == (str(own_id("pfdo")), ["client"])
        assert claims["scope"] == answer.json()["scope"] == f"{SCOPE} sgo:write"


async def test_a_service_sees_the_scopes_of_a_client(door, doors, http, secret):
    answer = await http.post("/token", data=by_form(secret))
    check = TokenCheck("http://127.0.0.1:1/")
    check._keys = (await doors.key_ring(door.store).keys()).key_set()
    principal = await check(answer.json()["access_token"])
    assert principal.scopes == {SCOPE, "sgo:write"}
    assert principal.roles == {"client"}


async def test_a_client_may_ask_for_less_but_not_for_more(door, doors, http, secret):
    less = await http.post("/token", data=by_form(secret, scope=SCOPE))
    assert (await token_of(door, doors, less))["scope"] == SCOPE
    more = await http.post("/token", data=by_form(secret, scope=f"{SCOPE} users:write"))
    assert problem(more, 400, "invalid_scope")["error"] == "invalid_scope"


async def test_an_unknown_client_a_wrong_secret_and_a_person_are_told_alike(door, http, secret):
    await add_user(door.store, "olga", Role.operator, "Петрова")
    await set_passwords(door.store, ["olga olgas-password"])
    answers = [
        await http.post("/token", data=by_form("wrong")),
        await http.post("/token", data=by_form(secret, "nobody")),
        await http.post("/token", data=by_form("olgas-password", "olga")),
        await http.post("/token", data=GRANT, headers=by_basic("wrong")),
    ]
    for answer in answers:
        assert problem(answer, 401, "wrong_client") == problem(answers[0], 401, "wrong_client")
        assert answer.headers["www-authenticate"] == "Basic"


@pytest.mark.parametrize("typed", ["Basic", "Basic ???", "Basic " + "A" * 4000, "Basic cGZkbw=="])
async def test_a_basic_header_that_is_none_is_told(http, typed):
    answer = await http.post("/token", data=GRANT, headers={"Authorization": typed})
    problem(answer, 422, "invalid_request")


async def test_a_clients_login_and_password_are_its_id_and_secret(door, doors, http, secret):
    """The demo's pfdo signs in both ways."""
    await set_passwords(door.store, ["pfdo a-password-of-the-demo"])
    person = {"username": "pfdo", "password": "a-password-of-the-demo"}
    for form in (person, by_form("a-password-of-the-demo")):
        claims = await token_of(door, doors, await http.post("/token", data=form))
        assert claims["scope"] == f"{SCOPE} sgo:write"


async def test_a_secret_is_told_once_and_stored_as_a_hash_only(door, http, secret):
    assert len(secret) > 40
    rows = await door.store.pool.fetch("SELECT p::text AS line FROM passwords AS p")
    assert not any(secret in row["line"] for row in rows)
    assert await add_client(door.store, "pfdo", "АИС ПФДО", [SCOPE]) is None
    answer = await http.post("/token", data=by_form(secret))
    assert answer.json()["scope"] == SCOPE


@pytest.mark.parametrize("scope", ["everything", "Users:read", "users:delete", "a b:read", ""])
async def test_a_scope_that_is_none_is_refused(door, scope):
    with pytest.raises(Refused, match="scope"):
        await add_client(door.store, "pfdo", "АИС ПФДО", [scope])


async def test_an_operator_does_not_become_a_client(door):
    await add_user(door.store, "olga", Role.operator, "Петрова")
    with pytest.raises(Refused, match="operator"):
        await add_client(door.store, "olga", "Ольга", [SCOPE])
