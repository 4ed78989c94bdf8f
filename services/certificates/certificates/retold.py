"""DECISION: an event that was lost, told again from what is stored of it. Pure.

The same facts as the first time. The id is the first one where it was made of the certificate and
its version, or a withdrawal refused: that is all but a `certificate.refused` that was decided, and
`certificate.issued` where it was asked for.
"""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from chassis import clock
from chassis.healing import Refused
from contracts import Envelope
from contracts.events import (
    AboutCertificate,
    CertificateActivated,
    CertificateAnnulled,
    CertificateExpired,
    CertificateExpiring,
    CertificateIssued,
    CertificateRefused,
    CertificateRequested,
    CertificateResumed,
    CertificateSuspended,
    Event,
    Requester,
)
from contracts.ids import derived
from contracts.values import CertificateStatus

from certificates.decide import is_untimely
from certificates.life_cycle import ACTIVE, PENDING, SUSPENDED
from certificates.source import SOURCE
from certificates.take_over import imported_id

Row = Any  # of the database
# What a certificate is after each kind of change; a warning leaves it as it was.
AFTER: Final = MappingProxyType({
    "activated": ACTIVE, "suspended": SUSPENDED, "resumed": ACTIVE,
    "annulled": CertificateStatus.annulled, "expired": CertificateStatus.expired,
})  # fmt: skip


def requested(row: Row, at: datetime) -> Envelope:
    """Raises Refused for a request that is waiting and too old to be decided any more."""
    moment = row["requested_at"]
    if row["status"] == "pending" and is_untimely(moment, int(at.timestamp() * 1000)):
        raise Refused("it is too old to be decided: the family must ask anew")
    event = CertificateRequested(
        child_id=row["child_id"],
        request_id=row["request_id"],
        requester=Requester(user_id=row["requester_id"], role=row["requester_role"]),
        requested_at=moment,
    )
    return _said(event, str(event.request_id), moment)


def refused(row: Row) -> Envelope:
    event = CertificateRefused(
        child_id=row["child_id"], request_id=row["request_id"], codes=tuple(row["codes"]),
        refused_at=row["requested_at"],
    )  # fmt: skip
    return _said(event, str(event.request_id), event.refused_at)


def version(row: Row, changes: Sequence[Row], wanted: int, zone: ZoneInfo) -> Envelope:
    """What made `row`, a certificate, that version; `changes` in order. Raises Refused."""
    if wanted == 1:
        event: AboutCertificate = CertificateIssued(
            **_about(row, 1, PENDING),
            request_id=row["request_id"],
            issued_at=row["issued_at"],
            imported=row["certificate_id"] == imported_id(row["number"]),
        )
        return _said(event, f"{event.certificate_id}:1", row["issued_at"])
    status = PENDING
    for change in changes:
        status = AFTER.get(change["kind"], status)
        if change["version"] == wanted:
            event = _changed(row, change, status, zone)
            return _said(event, f"{event.certificate_id}:{wanted}", change["changed_at"])
    raise Refused("no change to this version is stored")


def _changed(row: Row, change: Row, status: CertificateStatus, zone: ZoneInfo) -> AboutCertificate:
    about, at, reason = (
        _about(row, change["version"], status),
        change["changed_at"],
        change["reason"],
    )
    match change["kind"]:
        case "activated":
            return CertificateActivated(
                **about, activated_at=at, organization_id=change["organization"]
            )
        case "suspended":
            return CertificateSuspended(**about, suspended_at=at, reason=reason)
        case "resumed":
            return CertificateResumed(**about, resumed_at=at)
        case "annulled":
            return CertificateAnnulled(**about, annulled_at=at, reason=reason)
        case "expiring":
            left = (row["valid_until"] - clock.day_in(zone, at)).days
            return CertificateExpiring(**about, days_left=left)
        case "expired":
            return CertificateExpired(**about, expired_at=at)
    raise Refused(f"a change of kind {change['kind']} is unknown here")


def _about(row: Row, number: int, status: CertificateStatus) -> dict[str, Any]:
    names = ("certificate_id", "child_id", "number", "valid_from", "valid_until")
    return {**{name: row[name] for name in names}, "version": number, "status": status}


def _said(event: Event, about: str, at: datetime) -> Envelope:
    return Envelope(
        event=event, id=derived(about, event.TYPE), source=SOURCE, time=at, correlation_id=about
    )
