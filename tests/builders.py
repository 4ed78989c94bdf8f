"""Builders of test data: a call names what matters for the test, the rest is a plain example."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

from certificates import consent
from certificates.decide import Facts, Person, Region
from certificates.life_cycle import Certificate
from chassis.records import KeptRecord
from contracts import Envelope, Event, Tombstone, encode
from contracts.events import CertificateRequested, ChildLinked, Requester, UserRegistered
from contracts.ids import derived
from contracts.topics import Topic
from contracts.values import (
    CertificateStatus,
    Enrolment,
    FullName,
    Organization,
    RequesterRole,
    Role,
)
from contracts.values import Person as PersonEvent

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
AGREED = consent.text_of("Комитет по образованию", "123456, г. Пример, ул. Школьная, 1", None)
SCHOOL = Enrolment(organization_id="school-1", kind="school", name="Школа № 1")
_offsets = count(1)


def an_id(name: str) -> UUID:
    return derived(name, "test")


def a_region(**changes: object) -> Region:
    return Region(**({"code": "78", "zone": MOSCOW} | changes))


def a_child(name: str = "child", *, born: date | None = date(2016, 5, 1), **changes) -> Person:
    known = {
        "roles": frozenset({"student"}), "birth_date": born, "municipality": "m1",
        "enrolled_at": frozenset({"school-1"}),
    }  # fmt: skip
    return Person(an_id(name), **(known | changes))


def facts(**changes: object) -> Facts:
    """A linked parent of an enrolled child of ten: everything in order."""
    known = {
        "today": TODAY,
        "region": a_region(),
        "child": a_child(),
        "requester": Person(an_id("parent"), frozenset({"parent"})),
        "linked": True,
        "has_linked_child": True,
    }
    return Facts(**(known | changes))


def a_request(
    child: str = "child", requester: str = "parent", *, role: str = "parent", name: str = "r1"
) -> CertificateRequested:
    return CertificateRequested(
        child_id=an_id(child),
        request_id=an_id(f"request {name}"),
        requester=Requester(user_id=an_id(requester), role=RequesterRole(role)),
        requested_at=NOW,
    )


def a_certificate(**changes: object) -> Certificate:
    known = {
        "certificate_id": an_id("certificate"),
        "child_id": an_id("child"),
        "number": "780000000011",
        "status": CertificateStatus.pending_activation,
        "version": 1,
        "valid_from": TODAY,
        "valid_until": date(2034, 4, 30),
    }
    return Certificate(**(known | changes))


def a_user(
    name: str = "child",
    *,
    role: str = "student",
    born: date | None = date(2016, 5, 1),
    version: int = 1,
    enrolled: bool = True,
    last_name: str = "Иванов",
    **person: object,
) -> UserRegistered:
    return UserRegistered(
        user_id=an_id(name),
        version=version,
        roles=(Role(role),),
        person=PersonEvent(
            name=FullName(last_name=last_name, first_name="Игорь", middle_name="Иванович"),
            birth_date=born,
            municipality="m1",
            enrolments=(SCHOOL,) if enrolled else (),
            **person,
        ),
    )


def a_link(parent: str = "parent", child: str = "child", *, version: int = 1) -> ChildLinked:
    return ChildLinked(parent_id=an_id(parent), child_id=an_id(child), version=version)


def envelope(
    event: Event | Tombstone,
    *,
    name: str | None = None,
    topic: Topic | None = None,
    at: datetime = NOW,
):
    return Envelope(
        event=event,
        id=an_id(name or f"event {next(_offsets)}"),
        source="/test",
        time=at,
        correlation_id="test",
        topic=topic,
    )


def a_record(
    event: Event | Tombstone,
    *,
    name: str | None = None,
    topic: Topic | None = None,
    at: datetime = NOW,
    prefix="",
) -> KeptRecord:
    """The event as it comes from Kafka; the same `name` gives the same event id.

    A request is written at the moment when somebody asks.
    """
    record = encode(envelope(event, name=name, topic=topic, at=at))
    written_at = event.requested_at if isinstance(event, CertificateRequested) else NOW
    return KeptRecord(
        prefix + record.topic,
        0,
        next(_offsets),
        int(written_at.timestamp() * 1000),
        record.key.encode(),
        record.value,
        tuple(record.headers),
    )


def a_later_record(event: Event, **fields: object) -> KeptRecord:
    """The event as a later release may say it, with values that nobody knows here yet."""
    record = a_record(event)
    return replace(record, value=json.dumps(json.loads(record.value) | fields).encode())


def a_later_user() -> KeptRecord:
    """The child, with a role and with kinds of organizations that nobody knows here yet."""
    user = a_user(organization=Organization(id="o", kind="school", name="О", municipality="m1"))
    person = user.person.model_dump(mode="json")
    person["enrolments"][0]["kind"] = person["organization"]["kind"] = "lyceum"
    return a_later_record(user, roles=["tutor", "student"], person=person)
