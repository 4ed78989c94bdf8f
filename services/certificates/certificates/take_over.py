"""DECISION: whether another system's certificate is taken over, and what is said of it. Pure.

It begins like each certificate, as pending_activation, and its status follows as an event of its
own: versions stay dense, and whoever follows the topic needs to know nothing new (ADR 18).
"""

from datetime import date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.events import (
    CertificateActivated,
    CertificateAnnulled,
    CertificateExpired,
    CertificateIssued,
    CertificateSuspended,
)
from contracts.ids import derived
from contracts.values import CertificateStatus

from certificates.decide import ADULT, birthday
from certificates.life_cycle import ACTIVE, PENDING, SUSPENDED
from certificates.rows import ANNULLED, EXPIRED, Wanted

Followed = CertificateActivated | CertificateSuspended | CertificateExpired | CertificateAnnulled


class Same(NamedTuple):
    """The certificate that has the number already."""

    child_id: UUID
    status: CertificateStatus
    valid_from: date
    valid_until: date


class Known(NamedTuple):
    """What is known of a row's child and number. `has_living`: with another number."""

    is_known: bool = True
    is_erased: bool = False
    is_student: bool = True
    is_enrolled: bool = True
    has_living: bool = False
    birth_date: date | None = None
    same: Same | None = None


def is_there(wanted: Wanted, known: Known) -> bool:
    """Whether the same certificate is here already, as it would be taken over."""
    return known.same == Same(wanted.child_id, wanted.status, wanted.valid_from, wanted.valid_until)


def why_not(wanted: Wanted, known: Known) -> tuple[str, str] | None:
    """Column and code of what keeps it from being taken over; None: it may.

    A certificate that is over is history: its child need not be enrolled any more.
    """
    checks = (
        ("sgo_child_id", "erased", known.is_erased),
        ("sgo_child_id", "unknown_person", not known.is_known),
        ("sgo_child_id", "not_a_student", not known.is_student),
        ("number", "number_taken", known.same and known.same.child_id != wanted.child_id),
        ("status", "differs", known.same and not is_there(wanted, known)),
        ("sgo_child_id", "not_enrolled", wanted.is_living and not known.is_enrolled),
        ("valid_until", "outlives_18", wanted.is_living and _outlives_18(wanted, known)),
        ("sgo_child_id", "already_has_certificate", wanted.is_living and known.has_living),
    )
    return next(((column, code) for column, code, wrong in checks if wrong), None)


def _outlives_18(wanted: Wanted, known: Known) -> bool:
    return known.birth_date is not None and wanted.valid_until >= birthday(known.birth_date, ADULT)


def take_over(wanted: Wanted, zone: ZoneInfo) -> tuple[CertificateIssued, tuple[Followed, ...]]:
    """What is said: it exists, and what became of it in the other system.

    Ids derive from the number: whoever sends it, in whatever file, it is the same certificate.
    """
    issued_at, since = _morning(wanted.issued_on, zone), _morning(wanted.since, zone)
    issued = CertificateIssued(
        **_state(wanted, 1, PENDING), request_id=derived(wanted.number, "imported-request"),
        issued_at=issued_at, imported=True,
    )  # fmt: skip
    match wanted.status:
        case CertificateStatus.active:
            return issued, (_activated(wanted, since),)
        case CertificateStatus.suspended:
            state = _state(wanted, 3, SUSPENDED)
            suspended = CertificateSuspended(**state, suspended_at=since, reason=wanted.reason)
            return issued, (_activated(wanted, issued_at), suspended)
        case CertificateStatus.expired:
            return issued, (CertificateExpired(**_state(wanted, 2, EXPIRED), expired_at=since),)
        case CertificateStatus.annulled:
            state = _state(wanted, 2, ANNULLED)
            return issued, (CertificateAnnulled(**state, annulled_at=since, reason=wanted.reason),)
    return issued, ()


def _activated(wanted: Wanted, at: datetime) -> CertificateActivated:
    return CertificateActivated(
        **_state(wanted, 2, ACTIVE), activated_at=at, organization_id=wanted.organization_id
    )


def imported_id(number: str) -> UUID:
    """The id of the certificate that was imported with this number."""
    return derived(number, "imported-certificate")


def _state(wanted: Wanted, version: int, status: CertificateStatus) -> dict[str, Any]:
    return {
        "certificate_id": imported_id(wanted.number),
        "version": version,
        "child_id": wanted.child_id,
        "number": wanted.number,
        "status": status,
        "valid_from": wanted.valid_from,
        "valid_until": wanted.valid_until,
    }


def _morning(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of a day where the families live."""
    return datetime.combine(day, time(), zone)
