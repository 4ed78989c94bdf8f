"""A password of one's own is changed; a forgotten one is replaced by an operator."""

import pytest
from contracts.ids import user_id
from identity.admin import set_passwords
from identity.throttle import RULES

from tests.builders import a_record, an_id
from tests.doors import bearer, problem
from tests.identity.conftest import own_id
from tests.identity.sgo import a_parent, a_user

OLD, NEW = "right-password", "kitten-and-7"
ME = user_id("2")


@pytest.fixture
async def known(door, doors, office):
    """The parent anna, who can sign in; tokens signed by identity are accepted, too."""
    await door.consume([a_record(a_parent(login="anna")), a_record(a_user("1"))])
    await set_passwords(door.store, [f"anna {OLD}"])
    keys = await doors.key_ring(door.store).keys()
    check = office._transport.app.state.token_check
    check._keys.keys.extend(keys.key_set().keys)
    return door


async def sign_in(office, password: str):
    return await office.post("/token", data={"username": "anna", "password": password})


async def headers(office, password: str = OLD) -> dict[str, str]:
    token = (await sign_in(office, password)).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


async def change(office, who, old=OLD, new=NEW):
    body = {"old_password": old, "new_password": new}
    return await office.post("/me/password", json=body, headers=who)


async def test_a_changed_password_is_the_only_one(known, office):
    assert (await change(office, await headers(office))).status_code == 204
    problem(await sign_in(office, OLD), 401, "wrong_login_or_password")
    assert (await sign_in(office, NEW)).json()["password_change_required"] is False


async def test_the_old_password_is_asked_for_and_guessing_it_is_slowed_down(known, office, time):
    who = await headers(office)
    for _ in range(RULES["account at address"].free + 1):
        problem(await change(office, who, old="wrong"), 403, "wrong_password")
    problem(await change(office, who), 429, "too_many_tries")


@pytest.mark.parametrize(
    ("new", "reason"),
    [("kitten7", "too_short"), ("84736251", "too_plain"), (OLD, "same_as_old"),
     ("my-anna-77", "holds_login")],
)  # fmt: skip
async def test_a_weak_new_password_is_refused_by_reason(known, office, new, reason):
    answer = await change(office, await headers(office), new=new)
    assert problem(answer, 422, "weak_password")["reasons"] == [reason]
    assert new not in answer.text
    assert (await sign_in(office, OLD)).status_code == 200


async def test_a_password_of_more_than_200_letters_is_not_looked_at(known, office):
    answer = await change(office, await headers(office), new="x" * 201)
    problem(answer, 422, "invalid_request")
    assert "x" * 20 not in answer.text


async def test_an_operator_gives_a_one_time_password_once(known, office):
    answer = await office.post(f"/users/{ME}/password")
    assert answer.headers["cache-control"] == "no-store"
    given = answer.json()
    assert (given["login"], given["password_change_required"]) == ("anna", True)
    problem(await sign_in(office, OLD), 401, "wrong_login_or_password")
    again = (await sign_in(office, given["password"])).json()
    assert again["password_change_required"] is True
    rows = await known.store.pool.fetch("SELECT p::text AS line FROM passwords AS p")
    assert not any(given["password"] in row["line"] for row in rows)


async def test_a_one_time_password_opens_only_the_change_of_the_password(known, office):
    given = (await office.post(f"/users/{ME}/password")).json()["password"]
    who = await headers(office, given)
    problem(await office.get("/me", headers=who), 403, "password_change_required")
    assert (await change(office, who, old=given)).status_code == 204
    assert (await office.get("/me", headers=await headers(office, NEW))).status_code == 200


async def test_a_one_time_password_that_nobody_used_for_a_week_is_none(known, office):
    given = (await office.post(f"/users/{ME}/password")).json()["password"]
    await known.store.pool.execute("UPDATE passwords SET set_at = set_at - interval '8 days'")
    problem(await sign_in(office, given), 401, "wrong_login_or_password")


async def test_who_has_no_login_gets_no_password(known, office):
    problem(await office.post(f"/users/{user_id('1')}/password"), 409, "no_login")


async def test_only_an_operator_resets_and_never_an_operators_own(known, office):
    path = f"/users/{ME}/password"
    nobody = bearer("", "operator", sub=str(ME))
    problem(await office.post(path, headers=nobody), 404, "not_found")
    for other in (own_id("olga"), an_id("nobody")):
        problem(await office.post(f"/users/{other}/password"), 404, "not_found")
    assert (await sign_in(office, OLD)).status_code == 200
