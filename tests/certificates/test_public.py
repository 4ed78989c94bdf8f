"""The QR code leads here: valid or not, status, dates, and nothing about a person."""

import re
from datetime import UTC, datetime

import pytest
from certificates import verify_page
from contracts.ids import verification_token
from contracts.values import CertificateStatus
from httpx import ASGITransport, AsyncClient

from tests.builders import NOW, an_id
from tests.doors import bearer, problem

CLERK = bearer("clerk", "staff")
CHECKED = {"checked_documents": ["Паспорт"], "consent": True}
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
BROWSER = {"Accept": CHROME}


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
    await client.post(f"/certificates/{number}/activation", headers=CLERK, json=CHECKED)
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


async def test_a_household_of_ipv6_is_one_address(client, town, number, time):
    """It has 2^64 of them."""
    path = f"/verify/{await token(town)}"
    asked = []
    for n in range(61):
        transport = ASGITransport(client._transport.app, client=(f"2001:db8::{n:x}", 1))
        async with AsyncClient(transport=transport, base_url="http://t", trust_env=False) as one:
            asked.append((await one.get(path)).status_code)
    assert asked == [200] * 60 + [429]


# --- The page for people --------------------------------------------------------------------------


async def test_a_browser_is_shown_a_page_and_a_program_json_at_one_address(client, town, number):
    path = f"/verify/{await token(town)}"
    page = await client.get(path, headers=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Не действителен" in page.text
    assert "Неактивирован" in page.text
    assert f"заканчивается на {number[-4:]}<" in page.text
    assert number not in page.text
    await client.post(f"/certificates/{number}/activation", headers=CLERK, json=CHECKED)
    page = await client.get(path, headers=BROWSER)
    assert "<h1>Действителен</h1>" in page.text
    assert "Активный" in page.text
    told = await client.get(path, headers={"Accept": "application/json"})
    assert told.json()["valid"]
    begins, ends = (datetime.fromisoformat(told.json()[name]).replace(tzinfo=UTC)
                    for name in ("valid_from", "valid_until"))  # fmt: skip
    assert f"с {begins:%d.%m.%Y} по {ends:%d.%m.%Y} включительно" in page.text
    assert page.headers["vary"] == told.headers["vary"] == "Accept"
    assert page.headers["cache-control"] == told.headers["cache-control"] == "no-store"


async def test_the_page_names_nobody_and_repeats_nothing_of_the_address(client, town, number):
    its_token = await token(town)
    page = (await client.get(f"/verify/{its_token}?<script>", headers=BROWSER)).text
    person = await town.store.pool.fetchrow(
        "SELECT full_name, birth_date FROM people WHERE user_id = $1", an_id("child")
    )
    personal = (*person["full_name"].split(), f"{person['birth_date']:%d.%m.%Y}", number)
    for word in (*personal, its_token, str(an_id("child")), "<script"):
        assert word not in page


async def test_nothing_but_its_own_style_may_load_on_the_page(client, town, number):
    page = await client.get(f"/verify/{await token(town)}", headers=BROWSER)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert re.findall(r"\b(?:src|href|action|on\w+)=", page.text) == []
    assert "style=" not in page.text


async def test_a_person_is_told_in_words_that_there_is_no_such_certificate(client, number):
    for wrong in (verification_token(an_id("nobody")), "x"):
        page = await client.get(f"/verify/{wrong}", headers=BROWSER)
        assert page.status_code == 404
        assert "Сертификат не найден" in page.text


@pytest.mark.parametrize("path", ["/verify", "/verify/"])
async def test_an_address_without_its_token_is_told_as_an_unknown_one_is(client, number, path):
    unknown = f"/verify/{verification_token(an_id('nobody'))}"
    page = await client.get(path, headers=BROWSER)
    assert page.status_code == 404
    assert page.text == (await client.get(unknown, headers=BROWSER)).text
    assert page.headers["content-security-policy"].startswith("default-src 'none';")
    told = problem(await client.get(path, headers={"Accept": "application/json"}), 404, "not_found")
    assert told == (await client.get(unknown)).json()


async def test_pages_and_json_count_to_one_limit(client, town, number, time):
    path = f"/verify/{await token(town)}"
    for n in range(60):
        answer = await client.get(path, headers=BROWSER if n % 2 else None)
        assert answer.status_code == 200
    page = await client.get(path, headers=BROWSER)
    assert (page.status_code, page.headers["retry-after"]) == (429, "60")
    assert "Подождите минуту" in page.text
    problem(await client.get(path), 429, "too_many_requests")


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (CHROME, True),
        ("text/html", True),
        ("application/json;q=0.5, text/html", True),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/html;q=0.1, application/json", False),
        ("text/html, application/json", False),
        ("text/html;q=0", False),
        ("text/html;q=x", False),
        ("text/html;charset=utf-8;q=0.4, application/json;q=0.5", False),
    ],
)
def test_a_page_is_for_who_rather_takes_html_than_json(accept, html):
    assert verify_page.is_preferred(accept) is html


@pytest.mark.parametrize("status", CertificateStatus)
def test_each_status_has_its_word(status):
    assert verify_page.STATUSES[status] in verify_page.of_certificate(
        status, NOW.date(), NOW.date(), NOW.date(), number_end="1646", valid=False
    )
