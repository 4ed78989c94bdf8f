"""Journeys through the whole stack, the way families, staff and integrators go."""

import asyncio
import json
from io import BytesIO

import pypdf
from contracts import topics

from tests.system.conftest import PARENT
from tests.system.outside import all_on, header
from tests.waiting import eventually


async def child_of_the_parent(system, parent, *, place: int) -> str:
    """One of the demo's, whichever children other tests have added."""
    me = await system.get("identity", "/me", parent)
    children = [one["id"] for one in me.json()["children"]]
    return [one for one in children if one not in system.new_children][place]


async def history(system, child_id: str) -> list[tuple[str, str]]:
    """(type, value) of all that a late subscriber hears of one child."""
    heard = await all_on(system.demo["kafka"], topics.CERTIFICATES, topics.DOCUMENTS)
    return [
        (header(record, "ce_type"), record.value.decode())
        for record in heard
        if record.key == child_id.encode()
    ]


async def test_from_the_press_of_the_button_to_an_active_certificate(system):
    """Sign in, request, number, PDF, activation; then the whole history for a late subscriber."""
    parent, staff = await system.sign_in(PARENT), await system.sign_in("authorized")
    child = await child_of_the_parent(system, parent, place=0)
    certificate = await system.certificate(child, parent)
    pdf = await system.get("documents", f"/certificates/{certificate}/credentials.pdf", parent)
    card = await system.get("certificates", f"/children/{child}/certificate", parent)
    number = card.json()["certificate"]["number"]
    assert number in pypdf.PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    checked = {"checked_documents": ["паспорт"], "consent": True}
    path = f"/certificates/{number}/activation"
    active = await system.post("certificates", path, staff, json=checked)
    assert active.json()["status"] == "active"

    async def whole():
        heard = await history(system, child)
        return heard if "certificate.activated" in [kind for kind, _ in heard] else None

    heard = await eventually(whole)
    certificate = [json.loads(v) for kind, v in heard if kind.startswith("certificate.")]
    assert [event["version"] for event in certificate] == [1, 2]
    assert "Иванов" not in "".join(value for _, value in heard)


async def test_fifty_simultaneous_requests_give_one_certificate(system):
    parent = await system.sign_in(PARENT)
    child = await child_of_the_parent(system, parent, place=1)
    url = f"{system.url('certificates')}/children/{child}/certificate-requests"
    async with system.http() as http:
        answers = await asyncio.gather(*(http.post(url, headers=parent) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    asked = [answer.json()["request_id"] for answer in answers]
    states = [(await system.decided(one, parent))["status"] for one in asked]
    assert sorted(states) == ["issued"] + ["refused"] * 49


async def test_a_student_under_14_sees_why_the_button_is_not_there(system):
    student = await system.sign_in("under 14")
    me = await system.get("identity", "/me", student)
    path = f"/children/{me.json()['user_id']}/certificate"
    page = await system.get("certificates", path, student)
    codes = {reason["code"] for reason in page.json()["eligibility"]["reasons"]}
    assert codes == {"student_under_14", "own_account_required"}


async def test_another_familys_child_is_not_found(system):
    parent, stranger = await system.sign_in(PARENT), await system.sign_in("no children")
    child = await child_of_the_parent(system, parent, place=0)
    answer = await system.get("certificates", f"/children/{child}/certificate", stranger)
    assert answer.status_code == 404


async def test_a_person_is_erased_everywhere_and_the_operator_gets_the_act(system):
    """Ordered in identity; every service confirms; the old doors are closed and an act is made."""
    parent, operator = await system.sign_in(PARENT), await system.sign_in("operator")
    child = await system.new_child("Иванов Стираемый Иванович")
    certificate = await system.certificate(child, parent)
    order = {"reason": "Отзыв согласия"}
    ordered = await system.post("identity", f"/users/{child}/erasure", operator, json=order)
    assert ordered.status_code == 202, ordered.text
    erasure = f"/erasures/{ordered.json()['id']}"

    async def done():
        return (await system.get("identity", erasure, operator)).json()["state"] == "done"

    await eventually(done)
    pdf = await system.get("documents", f"{erasure}/act.pdf", operator)
    (page, *_) = pypdf.PdfReader(BytesIO(pdf.content)).pages
    text = page.extract_text()
    assert child in text
    assert "credentials" in text
    assert "Стираемый" not in text
    path = f"/certificates/{certificate}/credentials.pdf"
    assert (await system.get("documents", path, parent)).status_code == 404
