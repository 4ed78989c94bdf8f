"""DECISION: what is said of a document, and when a failed one is tried again. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from contracts.events import (
    CertificateIssued,
    CredentialsDocumentReady,
    CredentialsRotated,
    DocumentFailed,
)
from contracts.ids import derived
from contracts.values import DocumentFailure

from documents.orders import Built, Order

RETRY_S_MIN: Final = 5
RETRY_S_MAX: Final = 3600
ROTATIONS_MAX: Final = 5
ROTATIONS_WITHIN: Final = timedelta(days=1)


def document_id(issued: CertificateIssued) -> UUID:
    return derived(issued.certificate_id, "credentials:1")


def retry_at(attempt: int, failed_at: datetime) -> datetime:
    """Doubling pauses from 5 s to an hour, for ever: a document never stays stuck."""
    pause = min(RETRY_S_MIN * 2 ** min(attempt - 1, 20), RETRY_S_MAX)
    return failed_at + timedelta(seconds=pause)


def outcome(
    order: Order, result: Built | DocumentFailure, *, version: int, attempt: int, at: datetime
) -> CredentialsDocumentReady | DocumentFailed:
    """What is said of an order: its document is ready, or it failed and is tried again."""
    if isinstance(result, DocumentFailure):
        return DocumentFailed(
            **_about(order, version), reason=result, attempt=attempt,
            failed_at=at, retry_at=retry_at(attempt, at),
        )  # fmt: skip
    return CredentialsDocumentReady(**_about(order, version), **_sheet(result), built_at=at)


def _about(order: Order, version: int) -> dict[str, Any]:
    return {
        "certificate_id": order.certificate_id,
        "child_id": order.child_id,
        "version": version,
        "document_id": order.document_id,
    }


def _sheet(built: Built) -> dict[str, str]:
    return {"digest": built.digest.hex(), "template_version": built.template_version}


def rotated_document_id(certificate_id: UUID, version: int) -> UUID:
    """A new password is a new document: values sealed for the old one do not open as the new."""
    return derived(certificate_id, f"credentials:{version}")


def next_rotation_at(rotated: Sequence[datetime], at: datetime) -> datetime | None:
    """When the next rotation is allowed; None: now. `rotated`: the last day's, the oldest first."""
    within = [moment for moment in rotated if moment > at - ROTATIONS_WITHIN]
    return within[-ROTATIONS_MAX] + ROTATIONS_WITHIN if len(within) >= ROTATIONS_MAX else None


def rotated(order: Order, built: Built, *, version: int, at: datetime) -> CredentialsRotated:
    """What is said when the new password has taken the old one's place."""
    return CredentialsRotated(**_about(order, version), **_sheet(built), rotated_at=at)


def rebuilt_document_id(certificate_id: UUID, version: int) -> UUID:
    """Of a document whose row was lost: a new password, under an id that nobody has seen."""
    return derived(certificate_id, f"credentials:rebuilt:{version}")


def retold(
    row: Any,
) -> CredentialsDocumentReady | CredentialsRotated | DocumentFailed:
    """What was said last of `row`, a stored document; nothing of it is made anew.

    When a failed one failed is reckoned from its next try, which news of the child bring nearer.
    """
    about = {name: row[name] for name in ("certificate_id", "child_id", "version", "document_id")}
    if row["state"] == "failed":
        pause = retry_at(max(row["attempts"], 1), row["retry_at"]) - row["retry_at"]
        return DocumentFailed(
            **about, reason=row["reason"], attempt=max(row["attempts"], 1),
            failed_at=row["retry_at"] - pause, retry_at=row["retry_at"],
        )  # fmt: skip
    built = {"digest": (row["digest"] or b"").hex(), "template_version": row["template_version"]}
    of_rotation = rotated_document_id(row["certificate_id"], row["version"])
    if row["version"] > 1 and row["document_id"] == of_rotation:
        return CredentialsRotated(**about, **built, rotated_at=row["built_at"])
    return CredentialsDocumentReady(**about, **built, built_at=row["built_at"])
