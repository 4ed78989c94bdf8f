"""What АИС ПФДО fetches: a login and a hash of the password that is valid now, and nobody else."""

import argon2
import pytest
from chassis.tokens import Principal
from contracts import Tombstone, topics
from documents.api.portal import may_ask
from documents.hashing import WAITING_MAX, Hashing, TooManyWait

from tests.builders import a_record, a_user, an_id
from tests.documents.desk import a_family, issued
from tests.documents.test_rotation import press
from tests.doors import bearer, problem

ACCOUNT = f"/portal-accounts/{an_id('certificate of child')}"
PORTAL = bearer("portal", "client", scope="portal-accounts:read")


@pytest.fixture
async def family(desk):
    await desk.consume(*a_family(), issued())
    return desk


async def test_the_portal_gets_the_login_and_a_hash_of_the_password(client, family):
    answer = await client.get(ACCOUNT, headers=PORTAL)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    account, values = answer.json(), await family.values()
    assert account.keys() == {"login", "password_hash"}
    assert account["login"] == values.login
    assert account["password_hash"].startswith("$argon2id$")
    assert argon2.PasswordHasher().verify(account["password_hash"], values.password)
    assert values.password not in answer.text


async def test_after_a_rotation_the_hash_is_of_the_new_password(client, family):
    old = (await family.values()).password
    await press(client)
    known = (await client.get(ACCOUNT, headers=PORTAL)).json()["password_hash"]
    assert argon2.PasswordHasher().verify(known, (await family.values()).password)
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        argon2.PasswordHasher().verify(known, old)


async def test_each_answer_is_journalled(client, family):
    await client.get(ACCOUNT, headers=PORTAL)
    (row,) = await family.pool.fetch("SELECT * FROM journal")
    assert (row["action"], row["actor"]) == ("downloaded_portal_account", "client")
    assert (row["actor_id"], row["subject"]) == (an_id("portal"), an_id("child"))


@pytest.mark.parametrize(
    ("who", "role"),
    [("parent", "parent"), ("child", "student"), ("clerk", "staff"), ("boss", "operator")],
)
async def test_it_is_not_there_for_people(client, family, who, role):
    problem(await client.get(ACCOUNT, headers=bearer(who, role)), 404, "not_found")
    assert await family.pool.fetch("SELECT * FROM journal") == []


async def test_without_a_token_one_is_told_to_sign_in(client, family):
    problem(await client.get(ACCOUNT), 401, "unauthorized")


async def test_an_unknown_and_an_erased_account_are_not_there(client, family):
    address = ACCOUNT.replace(str(an_id("certificate of child")), str(an_id("nothing")))
    problem(await client.get(address, headers=PORTAL), 404, "not_found")
    tombstone = a_record(Tombstone(str(an_id("child"))), topic=topics.IDENTITY_USERS)
    await family.door.consume([tombstone])
    problem(await client.get(ACCOUNT, headers=PORTAL), 404, "not_found")


async def test_an_account_whose_document_is_not_built_yet_is_told(client, desk):
    await desk.consume(issued())
    await desk.end_patience()
    problem(await client.get(ACCOUNT, headers=PORTAL), 409, "document_not_ready")
    await desk.consume(a_user())


class Scoped(Principal):
    """As tokens are once they carry scopes."""

    scopes: frozenset[str]


@pytest.mark.parametrize(
    ("roles", "scopes", "allowed"),
    [
        ({"client"}, {"portal-accounts:read"}, True),
        ({"client"}, {"certificates:read"}, False),
        ({"client"}, set(), False),
        ({"operator"}, {"portal-accounts:read"}, False),
    ],
)
def test_only_a_machine_client_with_the_scope_may_ask(roles, scopes, allowed):
    who = Scoped(an_id("portal"), frozenset(roles), None, 0.0)
    if scopes is not None:
        object.__setattr__(who, "scopes", frozenset(scopes))
    assert may_ask(who) is allowed


async def test_more_than_can_be_hashed_soon_are_told_to_come_again():
    hashing = Hashing()
    hashing._asked = WAITING_MAX
    with pytest.raises(TooManyWait):
        await hashing.hash("x")


async def test_two_hashes_of_one_password_differ():
    hashing = Hashing()
    assert await hashing.hash("same") != await hashing.hash("same")
