"""Journeys through the whole stack, the way families, staff and integrators go."""

import asyncio
import json
import os
import signal
from datetime import UTC, date, datetime
from io import BytesIO
from uuid import uuid4

import httpx
import pypdf
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from contracts import Envelope, encode
from contracts.events import (
    CertificateRequested,
    Requester,
    SgoChildLinkChanged,
    SgoUserChanged,
)
from contracts.ids import user_id
from contracts.values import FullName, Person

from tests.builders import SCHOOL
from tests.waiting import eventually
from tools.verify import verify

CANARY = "Канарейкин"


async def send(system, *events) -> None:
    """As SGO does."""
    producer = AIOKafkaProducer(
        bootstrap_servers=system.demo["kafka"], acks="all", enable_idempotence=True
    )
    await producer.start()
    waiting = []
    for event in events:
        record = encode(Envelope(event, uuid4(), "/sgo", datetime.now(UTC), "system-test"))
        waiting.append(
            await producer.send(
                record.topic, record.value, key=record.key.encode(), headers=list(record.headers)
            )
        )
    await asyncio.gather(*waiting)
    await producer.stop()


def a_student(sgo_id: str, age: int = 15) -> SgoUserChanged:
    return SgoUserChanged(
        sgo_user_id=sgo_id,
        version=1,
        roles=("student",),
        person=Person(
            name=FullName(last_name=CANARY, first_name="Проба"),
            birth_date=date(datetime.now(UTC).year - age - 1, 1, 1),
            enrolments=(SCHOOL,),
        ),
    )


def a_request(sgo_id: str) -> CertificateRequested:
    child = user_id(sgo_id)
    return CertificateRequested(
        child_id=child,
        request_id=uuid4(),
        requester=Requester(user_id=child, role="student"),
        requested_at=datetime.now(UTC),
    )


async def child_of_the_parent(system, http, parent, *, place: int) -> str:
    me = await http.get(f"{system.url('identity')}/me", headers=parent)
    return me.json()["children"][place]["id"]


async def answered(system, http, request_id, who) -> dict:
    async def decided():
        answer = await http.get(
            f"{system.url('certificates')}/certificate-requests/{request_id}", headers=who
        )
        return answer.json() if answer.json()["status"] != "pending" else None

    return await eventually(decided)


async def history(system, child_id: str) -> list[tuple[str, str]]:
    """(type, value) of all that a late subscriber hears of one child."""
    consumer = AIOKafkaConsumer(
        "certificates.v1", "documents.v1",
        bootstrap_servers=system.demo["kafka"], auto_offset_reset="earliest",
    )  # fmt: skip
    await consumer.start()
    try:
        heard = []
        ends = await consumer.end_offsets(list(consumer.assignment()))
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                heard += [r for r in records if r.key == child_id.encode()]
    finally:
        await consumer.stop()
    return [(dict(r.headers)["ce_type"].decode(), r.value.decode()) for r in heard]


async def test_from_the_press_of_the_button_to_an_active_certificate(system):
    """Sign in, request, number, PDF, activation; then the whole history for a late subscriber."""
    parent, staff = await system.sign_in("two children"), await system.sign_in("authorized")
    async with httpx.AsyncClient() as http:
        child = await child_of_the_parent(system, http, parent, place=0)
        asked = await http.post(
            f"{system.url('certificates')}/children/{child}/certificate-requests", headers=parent
        )
        assert asked.status_code == 202
        done = await answered(system, http, asked.json()["request_id"], parent)
        assert done["status"] == "issued"
        documents = f"{system.url('documents')}/certificates/{done['certificate_id']}"

        async def ready():
            answer = await http.get(f"{documents}/documents", headers=parent)
            return answer.status_code == 200 and answer.json()[0]["state"] == "ready"

        await eventually(ready)
        pdf = await http.get(f"{documents}/credentials.pdf", headers=parent)
        card = await http.get(
            f"{system.url('certificates')}/children/{child}/certificate", headers=parent
        )
        number = card.json()["certificate"]["number"]
        assert number in pypdf.PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
        active = await http.post(
            f"{system.url('certificates')}/certificates/{number}/activation",
            json={"checked_documents": ["паспорт"], "consent": True},
            headers=staff,
        )
        assert active.json()["status"] == "active"

    async def whole():
        heard = await history(system, child)
        return heard if "certificate.activated" in [kind for kind, _ in heard] else None

    heard = await eventually(whole)
    certificate = [json.loads(v) for kind, v in heard if kind.startswith("certificate.")]
    assert [event["version"] for event in certificate] == [1, 2]
    assert "Иванов" not in "".join(value for _, value in heard)


async def test_fifty_simultaneous_requests_give_one_certificate(system):
    parent = await system.sign_in("two children")
    async with httpx.AsyncClient(timeout=30) as http:
        child = await child_of_the_parent(system, http, parent, place=1)
        url = f"{system.url('certificates')}/children/{child}/certificate-requests"
        answers = await asyncio.gather(*(http.post(url, headers=parent) for _ in range(50)))
        assert {answer.status_code for answer in answers} == {202}
        states = [
            (await answered(system, http, answer.json()["request_id"], parent))["status"]
            for answer in answers
        ]
    assert sorted(states) == ["issued"] + ["refused"] * 49


async def test_a_student_under_14_sees_why_the_button_is_not_there(system):
    student = await system.sign_in("under 14")
    async with httpx.AsyncClient() as http:
        me = await http.get(f"{system.url('identity')}/me", headers=student)
        page = await http.get(
            f"{system.url('certificates')}/children/{me.json()['user_id']}/certificate",
            headers=student,
        )
    codes = {reason["code"] for reason in page.json()["eligibility"]["reasons"]}
    assert codes == {"student_under_14", "own_account_required"}


async def test_another_familys_child_is_not_found(system):
    parent, stranger = await system.sign_in("two children"), await system.sign_in("no children")
    async with httpx.AsyncClient() as http:
        child = await child_of_the_parent(system, http, parent, place=0)
        answer = await http.get(
            f"{system.url('certificates')}/children/{child}/certificate", headers=stranger
        )
    assert answer.status_code == 404


async def test_killed_services_lose_nothing(system):
    """Each service is killed with -9 among 300 requests; every one is issued, with its document."""
    names = [f"killed-{uuid4().hex[:8]}" for _ in range(300)]
    await send(system, *(a_student(name) for name in names))
    for place, service in enumerate(("identity", "certificates", "documents")):
        part = names[place * 100 : place * 100 + 100]
        await send(system, *(a_request(name) for name in part))
        os.kill(system.pid(service), signal.SIGKILL)

    async def whole():
        findings = await verify(system.demo["databases"])
        return not any(finding.gaps for finding in findings)

    async def all_issued():
        heard = await documents_ready(system)
        return {str(user_id(name)).encode() for name in names} <= heard

    await eventually(all_issued, within_s=90)
    await eventually(whole, within_s=30)


async def documents_ready(system) -> set[bytes]:
    """Keys of all children whose document was announced."""
    consumer = AIOKafkaConsumer(
        "documents.v1", bootstrap_servers=system.demo["kafka"], auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        keys: set[bytes] = set()
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                keys |= {record.key for record in records}
    finally:
        await consumer.stop()
    return keys


async def test_no_planted_name_leaves_by_public_topics_or_logs(system):
    """The canary's family name is in identity's topics and tables, and nowhere outside."""
    name = f"canary-{uuid4().hex[:8]}"
    parent = f"{name}-parent"
    link = SgoChildLinkChanged(sgo_parent_id=parent, sgo_child_id=name, version=1, linked=True)
    await send(system, a_student(name), link, a_request(name))
    key = str(user_id(name))

    async def announced():
        return key.encode() in await documents_ready(system)

    await eventually(announced, within_s=60)
    public = "".join(value for _, value in await history(system, key))
    assert CANARY not in public
    for log in (system.folder / "logs").glob("*.log"):
        assert CANARY not in log.read_text(errors="replace"), log.name
