"""Stuck work of documents: also those that could not be built. Who is an operator is known here."""

from contracts import Tombstone, topics

from tests.builders import a_record, a_user, an_id
from tests.documents.desk import issued
from tests.documents.test_retry import fail
from tests.doors import bearer, problem

OPERATOR = bearer("boss", "operator")


def a_boss(role: str = "operator", version: int = 1):
    return a_user("boss", role=role, born=None, enrolled=False, version=version)


async def test_a_document_that_could_not_be_built_is_stuck_work(desk, client):
    await desk.consume(a_boss())
    await fail(desk)
    shown = (await client.get("/stuck", headers=OPERATOR)).json()
    assert shown["counts"] == {"quarantine": 0, "parked": 0, "document": 1}
    (item,) = shown["items"]
    assert (item["kind"], item["id"]) == ("document", str(issued().certificate_id))
    assert item["reason"]
    assert item["due_at"]


async def test_who_is_no_operator_any_more_or_is_erased_sees_nothing(desk, client):
    for path in ("/stuck", "/journal"):
        problem(await client.get(path, headers=OPERATOR), 404, "not_found")
    await desk.consume(a_boss())
    assert (await client.get("/journal", headers=OPERATOR)).status_code == 200
    await desk.consume(a_boss("staff", 2))
    problem(await client.get("/journal", headers=OPERATOR), 404, "not_found")
    await desk.consume(a_boss(version=3))
    gone = a_record(Tombstone(str(an_id("boss")), version=4), topic=topics.IDENTITY_USERS)
    await desk.door.consume([gone])
    problem(await client.get("/journal", headers=OPERATOR), 404, "not_found")
