"""The QR code leads here: valid or not, status, dates, and nothing about a person."""

from contracts.ids import verification_token

from tests.builders import an_id
from tests.doors import bearer, problem

CLERK = bearer("clerk", "staff")


async def token(town) -> str:
    return verification_token(
        await town.store.pool.fetchval("SELECT certificate_id FROM certificates")
    )


async def test_anybody_sees_whether_a_certificate_is_valid_and_nothing_personal(
    client, town, number
):
    path = f"/verify/{await token(town)}"
    pending = (await client.get(path)).json()
    assert (pending["valid"], pending["status"]) == (False, "pending_activation")
    checked = {"checked_documents": ["Паспорт"], "consent": True}
    await client.post(f"/certificates/{number}/activation", headers=CLERK, json=checked)
    active = (await client.get(path)).json()
    assert (active["valid"], active["status"]) == (True, "active")
    assert set(active) == {"valid", "status", "valid_from", "valid_until"}


async def test_an_unknown_or_broken_token_is_not_found(client, number):
    for wrong in (verification_token(an_id("nobody")), "x", "я" * 22, "=" * 30):
        problem(await client.get(f"/verify/{wrong}"), 404, "not_found")


async def test_who_asks_too_often_is_told_when_to_come_again(client, town, number, time):
    path = f"/verify/{await token(town)}"
    answers = [await client.get(path) for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {200}
    problem(answers[60], 429, "too_many_requests")
    assert answers[60].headers["retry-after"] == "60"
    time.passes(59)
    assert (await client.get(path)).headers["retry-after"] == "1"
    time.passes(1)
    assert (await client.get(path)).status_code == 200
