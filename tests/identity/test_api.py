"""Signing in, the public keys and /me over HTTP, on a real PostgreSQL."""

from zoneinfo import ZoneInfo

import pytest
from chassis import clock
from chassis.batches import Consumer
from chassis.handlers import by_event
from chassis.outbox import Store
from chassis.tokens import AUDIENCE, ISSUER, TOKEN_S_MAX
from contracts.ids import user_id
from identity import api, consumers
from identity.admin import set_passwords
from identity.hashing import Hashing
from identity.settings import Settings
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.builders import a_record
from tests.doors import a_client, problem
from tests.identity.sgo import EMPLOYER, a_link, a_parent, a_user

RIGHT = "right-password"


@pytest.fixture
async def door(settings_for, migrated):
    """A parent of child 1; children 3 and 4 are somebody else's and no longer linked."""
    settings = settings_for(Settings)
    pool = await migrated(settings, "identity")
    door = Consumer(Store(pool), by_event(consumers.handlers(), ""), settings.key_bytes)
    known = [
        *(a_user("1", login="igor"), a_user("3"), a_user("4"), a_parent("2", login="Parent")),
        a_user("5", login="staff", role="staff", organization=EMPLOYER),
        *(a_link("2", "1"), a_link("5", "3"), a_link("2", "4", linked=False)),
    ]
    await door.consume([a_record(event) for event in known])
    await set_passwords(door.store, [f"parent {RIGHT}", "staff staff-password"])
    return door


@pytest.fixture
async def client(door, settings_for):
    settings = settings_for(Settings)
    doors = api.Doors(ZoneInfo("Europe/Moscow"), settings.key_bytes, Hashing())
    keys = (await doors.key_ring(door.store).keys()).key_set()
    async with a_client(door.store, settings, api.router, doors, keys) as client:
        yield client


def form(username="parent", password=RIGHT):
    return {"grant_type": "password", "username": username, "password": password}


async def sign_in(client, **who) -> dict[str, str]:
    answer = await client.post("/token", data=form(**who))
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def claims_of(client, **who):
    token = (await sign_in(client, **who))["Authorization"].removeprefix("Bearer ")
    keys = KeySet.import_key_set((await client.get("/.well-known/jwks.json")).json())
    return jwt.decode(token, keys, algorithms=["Ed25519"]).claims


async def test_the_right_password_gives_a_token_that_nobody_stores(client):
    answer = await client.post("/token", data=form())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", TOKEN_S_MAX)


async def test_a_login_may_be_typed_in_any_case(client):
    assert (await client.post("/token", data=form("PARENT"))).status_code == 200


async def test_a_token_says_who_and_as_what_and_nothing_personal(client):
    claims = await claims_of(client)
    assert set(claims) == {"iss", "aud", "iat", "exp", "sub", "roles"}
    assert (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
    assert (claims["sub"], claims["roles"]) == (str(user_id("2")), ["parent"])
    assert claims["exp"] - claims["iat"] == TOKEN_S_MAX


async def test_a_token_of_staff_names_the_organization(client):
    claims = await claims_of(client, username="staff", password="staff-password")
    assert claims["organization"] == EMPLOYER.id


@pytest.mark.parametrize("login", ["nobody", "igor", "par\x00ent"], ids=repr)
async def test_an_unknown_login_and_a_wrong_password_are_told_alike(client, login):
    wrong = await client.post("/token", data=form(password="wrong-password"))
    unknown = await client.post("/token", data=form(username=login))
    body = problem(wrong, 401, "wrong_login_or_password")
    assert problem(unknown, 401, "wrong_login_or_password") == body
    assert unknown.headers["www-authenticate"] == wrong.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"username": "parent"},
        form(password=""),
        form(password="x" * 201),
        form() | {"grant_type": "client_credentials"},
    ],
)
async def test_a_bad_form_is_told_as_a_problem_without_what_was_typed(client, bad):
    answer = await client.post("/token", data=bad)
    assert problem(answer, 422, "invalid_request")["errors"]
    assert "x" * 20 not in answer.text
    assert RIGHT not in answer.text


async def test_the_published_keys_have_no_private_part(client):
    answer = await client.get("/.well-known/jwks.json")
    keys = answer.json()["keys"]
    assert len(keys) == 2
    assert all(key["kty"] == "OKP" and "d" not in key and key["kid"] for key in keys)


async def test_me_lists_linked_children_only(client):
    answer = await client.get("/me", headers=await sign_in(client))
    me = answer.json()
    assert (me["user_id"], me["login"], me["roles"]) == (str(user_id("2")), "Parent", ["parent"])
    assert [child["id"] for child in me["children"]] == [str(user_id("1"))]
    assert me["children"][0]["full_name"] == "Иванов Игорь"
    assert me["children"][0]["age"] >= 10


async def test_me_lists_no_child_who_is_no_student(client, door):
    await door.consume([a_record(a_link("2", "5"))])
    me = (await client.get("/me", headers=await sign_in(client))).json()
    assert [child["id"] for child in me["children"]] == [str(user_id("1"))]


async def test_a_child_is_gone_from_me_the_moment_the_link_ends(client, door):
    headers = await sign_in(client)
    await door.consume([a_record(a_link("2", "1", version=2, linked=False))])
    assert (await client.get("/me", headers=headers)).json()["children"] == []


async def test_who_is_a_parent_no_more_sees_no_child_though_the_link_stays(client, door):
    headers = await sign_in(client)
    history = {"params": {"child_id": str(user_id("1"))}, "headers": headers}
    assert (await client.get("/me/history", **history)).status_code == 200
    await door.consume([a_record(a_user("2", role="staff", login="Parent", version=2))])
    assert (await client.get("/me", headers=headers)).json()["children"] == []
    problem(await client.get("/me/history", **history), 404, "not_found")


async def test_me_of_staff_names_the_employer(client):
    headers = await sign_in(client, username="staff", password="staff-password")
    me = (await client.get("/me", headers=headers)).json()
    assert (me["organization"]["id"], me["organization"]["authorized"]) == (EMPLOYER.id, True)


async def test_me_without_a_token_is_told_to_sign_in(client):
    problem(await client.get("/me"), 401, "unauthorized")


async def test_me_with_a_forged_token_is_told_to_sign_in(client):
    genuine = (await sign_in(client))["Authorization"]
    head, _, signature = genuine.rpartition(".")
    forged = f"{head}.{signature[::-1]}"
    problem(await client.get("/me", headers={"Authorization": forged}), 401, "unauthorized")


async def test_me_with_an_expired_token_is_told_to_sign_in(client, door, settings_for):
    ring = api.Doors(ZoneInfo("UTC"), settings_for(Settings).key_bytes, Hashing())
    keys = await ring.key_ring(door.store).keys()
    long_ago = clock.now().replace(year=2020, day=1)
    old = keys.sign({"sub": str(user_id("2")), "roles": ["parent"]}, long_ago)
    answer = await client.get("/me", headers={"Authorization": f"Bearer {old}"})
    problem(answer, 401, "unauthorized")
