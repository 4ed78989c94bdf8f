"""`python -m tools.samples`: samples and the published schema of events that have none yet.

A file that exists is never touched: it is what somebody out there has already written or read.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from contracts import EVENTS, Envelope, Event, encode, events
from contracts.ids import derived, user_id
from contracts.values import (
    CertificateStatus,
    DocumentFailure,
    Enrolment,
    FullName,
    Organization,
    OrganizationKind,
    Person,
    RefusalCode,
    RequesterRole,
    Role,
    SgoRole,
)

ROOT: Final = Path(__file__).resolve().parents[1]
SAMPLES: Final = ROOT / "tests" / "contracts" / "samples"
PUBLISHED: Final = ROOT / "tests" / "contracts" / "published"
AT: Final = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LEAST_HEADERS: Final = ("ce_specversion", "ce_id", "ce_type", "ce_source")
_LEAST_PERSON: Final = Person(name=FullName(last_name="Иванова", first_name="Александра"))
_FULL_PERSON: Final = Person(
    name=FullName(last_name="Иванов", first_name="Игорь", middle_name="Иванович"),
    birth_date=date(2016, 5, 1),
    municipality="m1",
    enrolments=(
        Enrolment(organization_id="school-1", kind=OrganizationKind.school, name="Школа № 1"),
    ),
    organization=Organization(
        id="centre-1",
        kind=OrganizationKind.additional_education,
        name="Центр творчества",
        municipality="m1",
        authorized=True,
    ),
)
_CHILD: Final = user_id("4711")
_PARENT: Final = user_id("4712")
_CERTIFICATE: Final = derived(_CHILD, "sample-certificate")
_REQUEST: Final = derived(_CHILD, "sample-request")


def schema(event: type[Event]) -> dict[str, Any]:
    """The JSON Schema of an event's value, under the address that `ce_dataschema` names."""
    address = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/schemas/{event.TYPE}.v1.json",
    }
    return address | event.model_json_schema()


def text(content: Mapping[str, Any]) -> str:
    """JSON as we commit it."""
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=False) + "\n"


def full() -> dict[str, Event]:
    """One event of each type with every field filled in."""
    made = (*_sgo(), *_identity(), *_certificates(), *_documents(), _erased())
    return {event.TYPE: event for event in made}


def least() -> dict[str, Event]:
    """One event of each type with the required fields only."""
    made: tuple[Event, ...] = (
        events.SgoUserChanged(
            sgo_user_id="4711", version=1, roles=(SgoRole.student,), person=_LEAST_PERSON
        ),
        events.UserRegistered(
            user_id=_CHILD, version=1, roles=(Role.student,), person=_LEAST_PERSON
        ),
        events.UserUpdated(user_id=_CHILD, version=2, roles=(Role.student,), person=_LEAST_PERSON),
    )
    return full() | {event.TYPE: event for event in made}


def _sgo() -> Iterator[Event]:
    yield events.SgoUserChanged(
        sgo_user_id="4711",
        version=3,
        login="ivanov-ii",
        roles=(SgoRole.student, SgoRole.staff),
        person=_FULL_PERSON,
    )
    yield events.SgoChildLinkChanged(
        sgo_parent_id="4712", sgo_child_id="4711", version=1, linked=True
    )


def _identity() -> Iterator[Event]:
    roles = (Role.student, Role.staff)
    yield events.UserRegistered(user_id=_CHILD, version=1, roles=roles, person=_FULL_PERSON)
    yield events.UserUpdated(user_id=_CHILD, version=2, roles=roles, person=_FULL_PERSON)
    yield events.ChildLinked(parent_id=_PARENT, child_id=_CHILD, version=1)
    yield events.ChildUnlinked(parent_id=_PARENT, child_id=_CHILD, version=2)


def _certificates() -> Iterator[Event]:
    yield events.CertificateRequested(
        child_id=_CHILD,
        request_id=_REQUEST,
        requester=events.Requester(user_id=_PARENT, role=RequesterRole.parent),
        requested_at=AT,
    )
    yield events.CertificateRefused(
        child_id=_CHILD,
        request_id=_REQUEST,
        codes=(RefusalCode.not_enrolled, RefusalCode.age_out_of_range),
        refused_at=AT,
    )
    active, pending = CertificateStatus.active, CertificateStatus.pending_activation
    yield events.CertificateIssued(**_state(1, pending), request_id=_REQUEST, issued_at=AT)
    yield events.CertificateActivated(
        **_state(2, active), activated_at=AT, organization_id="centre-1"
    )
    yield events.CertificateSuspended(
        **_state(3, CertificateStatus.suspended), suspended_at=AT, reason="moved"
    )
    yield events.CertificateResumed(**_state(4, active), resumed_at=AT)
    yield events.CertificateExpiring(**_state(5, active), days_left=90)
    yield events.CertificateExpired(**_state(6, CertificateStatus.expired), expired_at=AT)
    yield events.CertificateAnnulled(
        **_state(6, CertificateStatus.annulled), annulled_at=AT, reason="asked_by_parent"
    )


def _erased() -> Event:
    counts = {"person": 1, "data_keys": 1, "quarantine": 0}
    return events.PersonErased(
        service="documents", user_id=_CHILD, version=3, counts=counts, erased_at=AT
    )


def _state(version: int, status: CertificateStatus) -> dict[str, Any]:
    return {
        "child_id": _CHILD,
        "certificate_id": _CERTIFICATE,
        "version": version,
        "number": "780000000011",
        "status": status,
        "valid_from": date(2026, 11, 24),
        "valid_until": date(2034, 4, 30),
    }


def _documents() -> Iterator[Event]:
    about: dict[str, Any] = {
        "child_id": _CHILD,
        "certificate_id": _CERTIFICATE,
        "document_id": derived(_CERTIFICATE, "sample-document"),
    }
    paper: dict[str, Any] = {"digest": "0f" * 32, "template_version": "credentials-1"}
    yield events.DocumentFailed(
        **about,
        version=1,
        reason=DocumentFailure.child_unknown,
        attempt=1,
        failed_at=AT,
        retry_at=AT + timedelta(minutes=1),
    )
    yield events.CredentialsDocumentReady(**about, version=2, **paper, built_at=AT)
    yield events.CredentialsRotated(**about, version=3, **paper, rotated_at=AT)
    yield events.CertificateImageReady(**about, version=4, **paper, built_at=AT)


def sample(event: Event, *, only_required: bool) -> dict[str, Any]:
    """A record as a file: key, headers and value, all of them text and JSON."""
    record = encode(
        Envelope(
            event=event,
            id=derived(event.key, f"sample:{event.TYPE}"),
            source=f"/{event.TOPIC.name.partition('.')[0]}",
            time=AT,
            correlation_id="sample-correlation",
            causation_id="sample-cause",
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
    )
    headers = dict(record.texts)
    if only_required:
        headers = {name: headers[name] for name in LEAST_HEADERS}
    value = event.model_dump(mode="json", exclude_unset=only_required)
    return {"key": record.key, "headers": headers, "value": value}


def files() -> dict[Path, str]:
    """Every sample and published schema as it would be written today."""
    made: dict[Path, str] = {}
    for kind, event in full().items():
        made[SAMPLES / f"{kind}.v1.full.json"] = text(sample(event, only_required=False))
    for kind, event in least().items():
        made[SAMPLES / f"{kind}.v1.least.json"] = text(sample(event, only_required=True))
    for kind, model in EVENTS.items():
        made[PUBLISHED / f"{kind}.v1.json"] = text(schema(model))
    return made


def main() -> int:
    """Write what is missing."""
    for path, content in files().items():
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            print(f"made {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
