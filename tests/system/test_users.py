"""demo.json is what it is promised to be: where everything is, and who can sign in."""

import pytest

from tests.system.test_doors import parts_of

USERS = [
    ("parent", "two children"),
    ("parent", "no children"),
    ("student", "14 or older"),
    ("student", "under 14"),
    ("staff", "authorized"),
    ("staff", "school"),
    ("operator", "operator"),
    ("client", "pfdo"),
]


def test_the_file_says_where_everything_is_and_names_these_users(system):
    assert set(system.demo) == {"urls", "kafka", "databases", "users"}
    assert set(system.demo["urls"]) == set(system.demo["databases"])
    assert [(user["role"], user["note"]) for user in system.demo["users"]] == USERS


@pytest.mark.parametrize(("role", "note"), USERS[:-1])
async def test_a_person_of_the_file_can_sign_in_and_is_who_it_says(system, role, note):
    me = await system.get("identity", "/me", await system.sign_in(note))
    assert (me.status_code, me.json()["login"]) == (200, system.user(note)["login"])
    assert me.json()["roles"] == [role]


@pytest.mark.parametrize(("role", "note"), USERS[-1:])
async def test_a_program_of_the_file_signs_in_by_its_own_grant(system, role, note):
    user = system.user(note)
    form = {"grant_type": "client_credentials"}
    form |= {"client_id": user["login"], "client_secret": user["password"]}
    answer = await system.post("identity", "/token", {}, data=form)
    assert answer.status_code == 200, answer.text
    _, claims = parts_of(answer.json()["access_token"])
    assert (claims["roles"], claims["scope"]) == ([role], "portal-accounts:read")
