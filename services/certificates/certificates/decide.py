"""DECISION: who gets a certificate, and why not. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.ages import age_on
from contracts.events import (
    CertificateIssued,
    CertificateRefused,
    CertificateRequested,
)
from contracts.ids import derived
from contracts.values import CertificateStatus, Day, RefusalCode, RequesterRole, Role
from pydantic import TypeAdapter

ADULT, OWN_BUTTON = 18, 14
DAYS_MAX = 20 * 366
_OF_NO_CHILD = {RefusalCode.module_disabled, RefusalCode.no_linked_child}
_DAY = TypeAdapter(Day)  # certificates say it in their events
AHEAD_MS_MAX, BEHIND_MS_MAX = 5 * 60_000, 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class Validity:
    """How long a certificate is good: for days, or until a date; never past the 18th birthday."""

    days: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """The region's rules."""

    code: str
    zone: ZoneInfo
    validity: Validity = Validity()
    module_enabled: bool = True
    module_off_in: frozenset[str] = frozenset()
    minimum_age: int = 5


class Person(NamedTuple):
    """What identity says of a user, as far as decisions need it."""

    user_id: UUID
    roles: frozenset[str] = frozenset()
    birth_date: date | None = None
    municipality: str | None = None
    enrolled_at: frozenset[str] = frozenset()
    organization: str | None = None


class Facts(NamedTuple):
    """All that a decision about one child knows. `linked` is None while no link was heard of."""

    today: date
    region: Region
    child: Person | None
    requester: Person | None
    linked: bool | None = None
    has_linked_child: bool = False
    has_living_certificate: bool = False
    open_request: UUID | None = None


def birthday(birth_date: date, years: int) -> date:
    try:
        return birth_date.replace(year=birth_date.year + years)
    except ValueError:  # 29 February
        return date(birth_date.year + years, 3, 1)


def why_not(
    role: RequesterRole, facts: Facts, request_id: UUID | None = None
) -> tuple[RefusalCode, ...]:
    """Every rule that keeps this requester from a certificate for this child; empty means yes.

    The page, the HTTP API and the consumer all ask this. `request_id` is the request being decided:
    it does not stand in its own way.
    """
    checks = (
        (RefusalCode.module_disabled, _module_disabled(facts)),
        (RefusalCode.already_has_certificate, facts.has_living_certificate),
        (RefusalCode.student_under_14, _under_14(role, facts)),
        (RefusalCode.own_account_required, _under_14(role, facts)),
        (RefusalCode.no_linked_child, _parent(role) and not facts.has_linked_child),
        (RefusalCode.child_not_linked, not _belongs_together(role, facts)),
        (RefusalCode.not_enrolled, not _is_enrolled(facts.child)),
        (RefusalCode.age_out_of_range, _age_out_of_range(facts)),
        (RefusalCode.request_in_progress, facts.open_request not in (None, request_id)),
    )
    return tuple(code for code, fails in checks if fails)


def why_no_child(facts: Facts) -> tuple[RefusalCode, ...]:
    """What `why_not` says to a parent who has no child to ask for."""
    return tuple(code for code in why_not(RequesterRole.parent, facts) if code in _OF_NO_CHILD)


def _module_disabled(facts: Facts) -> bool:
    off_here = facts.child is not None and facts.child.municipality in facts.region.module_off_in
    over = is_past(facts.region.validity, facts.today)
    return not facts.region.module_enabled or off_here or over


def _parent(role: RequesterRole) -> bool:
    return role is RequesterRole.parent


def _under_14(role: RequesterRole, facts: Facts) -> bool:
    if role is not RequesterRole.student or facts.child is None:
        return False
    if facts.requester is None or facts.requester.user_id != facts.child.user_id:
        return False
    born = facts.child.birth_date
    return born is not None and age_on(facts.today, born) < OWN_BUTTON


def _is_enrolled(child: Person | None) -> bool:
    return child is not None and Role.student in child.roles and bool(child.enrolled_at)


def _belongs_together(role: RequesterRole, facts: Facts) -> bool:
    """Whoever asks holds the role in which they ask, and the child is theirs in it."""
    child, requester = facts.child, facts.requester
    if child is None or requester is None or role not in requester.roles:
        return False
    match role:
        case RequesterRole.student:
            return child.user_id == requester.user_id
        case RequesterRole.parent:
            return facts.linked is True
        case RequesterRole.staff:
            return requester.organization in child.enrolled_at


def _age_out_of_range(facts: Facts) -> bool:
    if facts.child is None or facts.child.birth_date is None:
        return True
    age = age_on(facts.today, facts.child.birth_date)
    return not facts.region.minimum_age <= age < ADULT


def is_untimely(requested_at: datetime, written_at_ms: int) -> bool:
    """Whether somebody's clock is wrong: the day of a request decides ages, so it must be true.

    `written_at_ms` is when Kafka took the record; a request may be on its way for up to 30 days.
    """
    age_ms = written_at_ms - requested_at.timestamp() * 1000
    return not -AHEAD_MS_MAX <= age_ms <= BEHIND_MS_MAX


def waits_for(request: CertificateRequested, facts: Facts) -> str | None:
    """The fact that a request has overtaken, by the name under which it will arrive, or None."""
    requester, child = request.requester, request.child_id
    if facts.child is None:
        return person_fact(child)
    if facts.requester is None:
        return person_fact(requester.user_id)
    if requester.role is not RequesterRole.parent:
        return None
    if facts.linked is None:
        return link_fact(requester.user_id, child)
    overtaken = facts.linked and requester.role not in facts.requester.roles
    return person_fact(requester.user_id) if overtaken else None


def person_fact(user_id: UUID) -> str:
    return f"person:{user_id}"


def link_fact(parent_id: UUID, child_id: UUID) -> str:
    return f"link:{parent_id}:{child_id}"


def issue(
    request: CertificateRequested, facts: Facts, number: str
) -> CertificateIssued | CertificateRefused:
    """One child, one living certificate; asking again for the same reason changes nothing.

    Time is the request's: a replay decides the same. `number` is used only where one is issued.
    """
    codes = why_not(request.requester.role, facts, request.request_id)
    if codes:
        return CertificateRefused(
            child_id=request.child_id,
            request_id=request.request_id,
            codes=codes,
            refused_at=request.requested_at,
        )
    assert facts.child is not None
    assert facts.child.birth_date is not None
    return CertificateIssued(
        certificate_id=certificate_of(request.request_id),
        version=1,
        child_id=request.child_id,
        number=number,
        status=CertificateStatus.pending_activation,
        valid_from=facts.today,
        valid_until=valid_until(facts.region.validity, facts.today, facts.child.birth_date),
        request_id=request.request_id,
        issued_at=request.requested_at,
    )


def certificate_of(request_id: UUID | str) -> UUID:
    """The id of the certificate that a request leads to, if it leads to one."""
    return derived(request_id, "certificate")


def valid_until(validity: Validity, valid_from: date, birth_date: date) -> date:
    """The last valid day, inclusive: the day before the 18th birthday at the latest."""
    until_18 = birthday(birth_date, ADULT) - timedelta(days=1)
    if validity.until:
        return min(validity.until, until_18)
    if validity.days:
        return min(valid_from + timedelta(days=validity.days - 1), until_18)
    return until_18


def is_past(validity: Validity, today: date) -> bool:
    """A fixed date that has passed: a certificate would be over before it began."""
    return validity.until is not None and validity.until < today


def parse_validity(text: str) -> Validity:
    """`until_18`, `days:90` or a date such as 2027-08-31. Raises ValueError."""
    if text == "until_18":
        return Validity()
    kind, _, count = text.partition(":")
    if kind == "days" and re.fullmatch("[0-9]{1,4}", count) and 0 < int(count) <= DAYS_MAX:
        return Validity(days=int(count))
    try:
        return Validity(until=_DAY.validate_python(date.fromisoformat(text)))
    except ValueError:
        raise ValueError("is none of until_18, days:90, 2027-08-31") from None
