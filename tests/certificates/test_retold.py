"""What is told again from what is stored is what was told the first time."""

from datetime import timedelta

import pytest
from certificates import life_cycle, retold
from certificates.api.common import said as said_at_the_desk
from certificates.desk_store import Change
from certificates.take_over import imported_id
from chassis.healing import Refused
from contracts.events import CertificateExpiring
from fastapi import Request
from pydantic import ValidationError

from tests.builders import MOSCOW, NOW, TODAY, a_certificate, an_id

LATER = NOW + timedelta(days=1)
END = a_certificate().valid_until


def a_life() -> list[Change]:
    """Everything that can become of a certificate until it expires."""
    one, made = a_certificate(), []

    def become(kind, event, **more) -> None:
        nonlocal one
        made.append(Change(kind, event, LATER, **more))
        one = a_certificate(status=event.status, version=event.version)

    become("activated", life_cycle.activate(
        one, checked_documents=["passport"], consent=True, organization="school-1", at=LATER,
        zone=MOSCOW), organization="school-1")  # fmt: skip
    become("suspended", life_cycle.suspend(one, reason="moved", at=LATER), reason="moved")
    become("expiring", life_cycle.pass_time(one, today=TODAY + timedelta(days=1), at=LATER)
           or _warning(one))  # fmt: skip
    become("resumed", life_cycle.resume(one, at=LATER, zone=MOSCOW), reason="back")
    become("annulled", life_cycle.annul(one, reason="moved", by_family=False, at=LATER),
           reason="moved")  # fmt: skip
    return made


def _warning(one):
    days = (END - (TODAY + timedelta(days=1))).days
    return CertificateExpiring(**life_cycle._next(one, one.status), days_left=days)


LIFE = a_life()


def row(**changes: object) -> dict[str, object]:
    one = a_certificate()
    names = ("certificate_id", "child_id", "number", "valid_from", "valid_until")
    known = {name: getattr(one, name) for name in names}
    return {**known, "request_id": an_id("request"), "issued_at": NOW} | changes


def stored(changes: list[Change]) -> list[dict[str, object]]:
    return [
        {"version": one.event.version, "kind": one.kind, "organization": one.organization,
         "reason": one.reason, "changed_at": one.at}
        for one in changes
    ]  # fmt: skip


@pytest.mark.parametrize("change", LIFE, ids=[change.kind for change in LIFE])
def test_each_change_is_told_as_it_was(change):
    told = retold.version(row(), stored(LIFE), change.event.version, MOSCOW)
    assert told.event == change.event


def test_an_expiry_is_told_as_it_was():
    one = a_certificate()
    event = life_cycle.pass_time(one, today=END + timedelta(days=1), at=LATER)
    change = Change("expired", event, LATER)
    assert retold.version(row(), stored([change]), 2, MOSCOW).event == event


def test_an_event_of_the_desk_has_its_first_id():
    change = LIFE[0]
    about = f"{change.event.certificate_id}:{change.event.version}"
    first = said_at_the_desk(
        change.event, about, change.at, Request({"type": "http", "request_id": "r"})
    )
    told = retold.version(row(), stored(LIFE), change.event.version, MOSCOW)
    assert (told.id, told.source, told.time) == (first.id, first.source, first.time)


def test_a_version_that_nothing_is_stored_of_cannot_be_told():
    with pytest.raises(Refused, match="no change to this version"):
        retold.version(row(), stored(LIFE), 17, MOSCOW)


def a_stored_request(**changes: object) -> dict[str, object]:
    known = {
        "request_id": an_id("request"), "child_id": an_id("child"), "requester_id": an_id("parent"),
        "requester_role": "parent", "requested_at": NOW, "status": "pending", "codes": [],
    }  # fmt: skip
    return known | changes


def test_a_request_that_waits_is_told_while_it_can_be_decided():
    told = retold.requested(a_stored_request(), NOW + timedelta(days=29))
    assert (told.event.request_id, told.event.requested_at) == (an_id("request"), NOW)
    with pytest.raises(Refused, match="too old"):
        retold.requested(a_stored_request(), NOW + timedelta(days=31))


def test_a_refusal_without_its_reasons_is_not_told():
    told = retold.refused(a_stored_request(codes=["not_enrolled"]))
    assert [code.value for code in told.event.codes] == ["not_enrolled"]
    with pytest.raises(ValidationError):
        retold.refused(a_stored_request())


def test_an_imported_certificate_is_told_again_as_imported():
    """Its id is that of its number; documents makes no password for it."""
    one = row(certificate_id=imported_id("780000000011"))
    assert retold.version(one, [], 1, MOSCOW).event.imported
    assert not retold.version(row(), [], 1, MOSCOW).event.imported
