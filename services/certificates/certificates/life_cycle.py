"""DECISION: how a certificate's life goes on, from activation to its end. Pure.

pending_activation ──activate──► active ◄──resume── suspended
│                          │ └────suspend────►  │
└──────────── annul, expire ┴───────────────────┘
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.events import (
    CertificateActivated,
    CertificateAnnulled,
    CertificateExpired,
    CertificateExpiring,
    CertificateResumed,
    CertificateSuspended,
)
from contracts.values import CertificateStatus

WARNINGS_DAYS: Final = (7, 30, 90)  # before the last valid day, the nearest first
PENDING, ACTIVE, SUSPENDED = (
    CertificateStatus.pending_activation,
    CertificateStatus.active,
    CertificateStatus.suspended,
)
LIVING: Final = frozenset({PENDING, ACTIVE, SUSPENDED})


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as it stands. `warned_days`: the warning that was said last, or None."""

    certificate_id: UUID
    child_id: UUID
    number: str
    status: CertificateStatus
    version: int
    valid_from: date
    valid_until: date
    warned_days: int | None = None


class Forbidden(Exception):
    """A change that the rules forbid; `code` is stable."""

    code = "forbidden"


class AlreadyActive(Forbidden):
    code = "already_active"


class NotPending(Forbidden):
    """Suspended, expired or annulled: activation is not the way."""

    code = "not_pending"


class NotActive(Forbidden):
    """Only an active certificate is suspended."""

    code = "not_active"


class NotSuspended(Forbidden):
    """Only a suspended certificate is resumed."""

    code = "not_suspended"


class Over(Forbidden):
    """Expired or annulled: nothing changes it any more."""

    code = "over"


class OutsideValidity(Forbidden):
    """Today is before the first or after the last valid day."""

    code = "outside_validity"


class PapersNotChecked(Forbidden):
    code = "papers_not_checked"


class ConsentMissing(Forbidden):
    code = "consent_missing"


class OnlyPendingByFamily(Forbidden):
    """A parent gives up a certificate only until it is activated; then it is the desk's."""

    code = "only_pending_by_family"


def activate(
    certificate: Certificate,
    *,
    checked_documents: Sequence[str],
    consent: bool,
    organization: str,
    at: datetime,
    zone: ZoneInfo,
) -> CertificateActivated:
    """Papers checked and recorded, within validity. Raises Forbidden with the reason."""
    if certificate.status is ACTIVE:
        raise AlreadyActive
    if certificate.status is not PENDING:
        raise NotPending
    _expect_valid(certificate, at, zone)
    if not checked_documents:
        raise PapersNotChecked
    if not consent:
        raise ConsentMissing
    return CertificateActivated(
        **_next(certificate, ACTIVE), activated_at=at, organization_id=organization
    )


def suspend(certificate: Certificate, *, reason: str, at: datetime) -> CertificateSuspended:
    """Raises Forbidden unless it is active."""
    _expect_alive(certificate)
    if certificate.status is not ACTIVE:
        raise NotActive
    return CertificateSuspended(**_next(certificate, SUSPENDED), suspended_at=at, reason=reason)


def resume(certificate: Certificate, *, at: datetime, zone: ZoneInfo) -> CertificateResumed:
    """Raises Forbidden unless it is suspended and within validity."""
    _expect_alive(certificate)
    if certificate.status is not SUSPENDED:
        raise NotSuspended
    _expect_valid(certificate, at, zone)
    return CertificateResumed(**_next(certificate, ACTIVE), resumed_at=at)


def annul(
    certificate: Certificate, *, reason: str, by_family: bool, at: datetime
) -> CertificateAnnulled:
    """The desk ends any living certificate, a parent a pending one. Raises Forbidden."""
    _expect_alive(certificate)
    if by_family and certificate.status is not PENDING:
        raise OnlyPendingByFamily
    over = _next(certificate, CertificateStatus.annulled)
    return CertificateAnnulled(**over, annulled_at=at, reason=reason)


def pass_time(
    certificate: Certificate, *, today: date, at: datetime
) -> CertificateExpired | CertificateExpiring | None:
    """What the calendar makes of it: expired after the last valid day, a warning before."""
    if certificate.status not in LIVING:
        return None
    if today > certificate.valid_until:
        over = _next(certificate, CertificateStatus.expired)
        return CertificateExpired(**over, expired_at=at)
    due = warning_due(certificate, today)
    whole = (certificate.valid_until - certificate.valid_from).days
    if due is None or whole <= due:  # who got it for so short a time knows
        return None
    left = (certificate.valid_until - today).days
    return CertificateExpiring(**_next(certificate, certificate.status), days_left=left)


def warning_due(certificate: Certificate, today: date) -> int | None:
    """Which of the warnings 90, 30, 7 days before the end is due today and not yet said."""
    left = (certificate.valid_until - today).days
    due = next((days for days in WARNINGS_DAYS if left <= days), None)
    if due is None or (certificate.warned_days is not None and certificate.warned_days <= due):
        return None
    return due


def _expect_alive(certificate: Certificate) -> None:
    if certificate.status not in LIVING:
        raise Over


def _expect_valid(certificate: Certificate, at: datetime, zone: ZoneInfo) -> None:
    if not certificate.valid_from <= at.astimezone(zone).date() <= certificate.valid_until:
        raise OutsideValidity


def _next(certificate: Certificate, status: CertificateStatus) -> dict[str, Any]:
    return {
        "certificate_id": certificate.certificate_id,
        "version": certificate.version + 1,
        "child_id": certificate.child_id,
        "number": certificate.number,
        "status": status,
        "valid_from": certificate.valid_from,
        "valid_until": certificate.valid_until,
    }
