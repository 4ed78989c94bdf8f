"""The small sets and value objects that events and services share (glossary: DOMAIN).

Everything has a limit that all services can keep and count with: what is beyond is a bad event, at
once. Limits that JSON Schema could say are not in the schemas: those are promised as published.
"""

import re
from collections.abc import Sized
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

VERSION_MAX: Final = 2**53 - 1  # what every reader of JSON counts exactly
LIST_MAX: Final = 100
MOMENT_MIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT_END: Final = datetime(2200, 1, 1, tzinfo=UTC)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NO_CONTROLS = r"^[^\x00-\x1f\x7f]+$"
Text = Annotated[
    str, StringConstraints(pattern=_NO_CONTROLS, max_length=200, strip_whitespace=True)
]
Code = Annotated[str, StringConstraints(pattern=_NO_CONTROLS, max_length=64, strip_whitespace=True)]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{10,12}$")]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]


def _as_written(value: object) -> object:
    """What is not written like 2016-05-01 is as good as nothing: pydantic then says `date_type`."""
    written = isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value))
    return value if written else None


WrittenDay = Annotated[date, BeforeValidator(_as_written)]  # never seconds since 1970
Moment = Annotated[AwareDatetime, Field(ge=MOMENT_MIN, lt=MOMENT_END)]
SizedT = TypeVar("SizedT", bound=Sized)


def _countable(number: int) -> int:
    if number > VERSION_MAX:
        raise ValueError("is too large")
    return number


def _short(values: SizedT) -> SizedT:
    if len(values) > LIST_MAX:
        raise ValueError("is too long")
    return values


COUNTABLE: Final = AfterValidator(_countable)
SHORT: Final = AfterValidator(_short)


class Value(BaseModel):
    """A frozen part of an event; unknown fields are ignored (tolerant reader)."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Role(StrEnum):
    student = "student"
    parent = "parent"
    staff = "staff"
    operator = "operator"
    client = "client"


class SgoRole(StrEnum):
    """The roles that SGO may give; operators and machine clients are made in identity."""

    student = "student"
    parent = "parent"
    staff = "staff"


class RequesterRole(StrEnum):
    """As whom somebody asks for a certificate."""

    student = "student"
    parent = "parent"
    staff = "staff"


class OrganizationKind(StrEnum):
    school = "school"
    kindergarten = "kindergarten"
    additional_education = "additional_education"


class CertificateStatus(StrEnum):
    pending_activation = "pending_activation"
    active = "active"
    suspended = "suspended"
    expired = "expired"
    annulled = "annulled"


class RefusalCode(StrEnum):
    """Why there is no certificate; stable, outside programs rely on them.

    All but the last say why the button is not there (DOMAIN).
    """

    module_disabled = "module_disabled"
    already_has_certificate = "already_has_certificate"
    student_under_14 = "student_under_14"
    no_linked_child = "no_linked_child"
    own_account_required = "own_account_required"
    child_not_linked = "child_not_linked"
    not_enrolled = "not_enrolled"
    age_out_of_range = "age_out_of_range"
    request_in_progress = "request_in_progress"
    consent_withdrawn = "consent_withdrawn"


class DocumentFailure(StrEnum):
    """Why a document could not be built yet."""

    child_unknown = "child_unknown"
    name_not_printable = "name_not_printable"
    check_failed = "check_failed"
    rendering_failed = "rendering_failed"


READING: Final = {"reading": True}  # the context in which an event of ours is read
KindT = TypeVar("KindT", bound=StrEnum)
_MEMBER: Final = TypeAdapter(Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")])


def _or_later(kind: type[KindT]) -> WrapValidator:
    """Whoever reads takes a value that only a later release knows; whoever writes does not."""

    def read(value: Any, known: ValidatorFunctionWrapHandler, about: ValidationInfo) -> KindT:
        try:
            member: KindT = known(value)
        except ValidationError:
            if about.context is not READING:
                raise
            member = _later(kind, _MEMBER.validate_python(value))
        return member

    return WrapValidator(read)


def _later(kind: type[KindT], text: str) -> KindT:
    """Text that is carried on as a member is, and equals none of those that are known."""
    member = str.__new__(kind, text)
    member._name_ = member._value_ = text
    return member


# As our events carry them.
SaidRole = Annotated[Role, _or_later(Role)]
SaidKind = Annotated[OrganizationKind, _or_later(OrganizationKind)]
SaidStatus = Annotated[CertificateStatus, _or_later(CertificateStatus)]
SaidCode = Annotated[RefusalCode, _or_later(RefusalCode)]
SaidFailure = Annotated[DocumentFailure, _or_later(DocumentFailure)]


class Organization(Value):
    """Where somebody works or learns. `authorized`: its employees may activate certificates."""

    id: Code
    kind: SaidKind
    name: Text
    municipality: Code
    authorized: bool = False


class Enrolment(Value):
    """A child learns at an organization."""

    organization_id: Code
    kind: SaidKind
    name: Text


class FullName(Value):
    """A person's name as SGO writes it."""

    last_name: Text
    first_name: Text
    middle_name: Text | None = None

    def __str__(self) -> str:
        return " ".join(filter(None, (self.last_name, self.first_name, self.middle_name)))


class Person(Value):
    """What SGO and identity say of a user; personal data, inside only."""

    name: FullName
    birth_date: Day | None = None
    municipality: Code | None = None
    enrolments: Annotated[tuple[Enrolment, ...], SHORT] = ()
    organization: Organization | None = None
