"""Every event of the system, one frozen model each.

`TYPE` is the CloudEvents type, `TOPIC` where it goes, `key` the id of its aggregate.
Public topics carry ids, numbers, statuses, dates and codes: never a name, a login or a password.
"""

from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts import topics
from contracts.topics import Topic
from contracts.values import (
    COUNTABLE,
    SHORT,
    Code,
    Day,
    Moment,
    Number,
    Person,
    RequesterRole,
    SaidCode,
    SaidFailure,
    SaidRole,
    SaidStatus,
    SgoRole,
    Text,
    Value,
)

Version = Annotated[int, Field(ge=1, strict=True), COUNTABLE]
Count = Annotated[int, Field(ge=0, strict=True), COUNTABLE]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Event(Value):
    """Something that happened. Subclasses add fields; `key` orders the events of one aggregate.

    `OURS`: a later release of ours may say values that are not known here yet. SGO is held to the
    lists: what it says becomes our own word.
    """

    TYPE: ClassVar[str]
    TOPIC: ClassVar[Topic]
    OURS: ClassVar[bool] = True

    @property
    def key(self) -> str:
        raise NotImplementedError


# --- SGO ----------------------------------------------------------------------------------------


class SgoUserChanged(Event):
    """Full state of an SGO user; `version` grows with each change, older ones are ignored."""

    TYPE: ClassVar[str] = "sgo.user.changed"
    TOPIC: ClassVar[Topic] = topics.SGO_USERS
    OURS: ClassVar[bool] = False

    sgo_user_id: Code
    version: Version
    login: Text | None = None
    roles: Annotated[tuple[SgoRole, ...], SHORT]
    person: Person

    @property
    def key(self) -> str:
        return self.sgo_user_id


class SgoChildLinkChanged(Event):
    """Whether this parent is linked to this child; `version` grows with each change."""

    TYPE: ClassVar[str] = "sgo.child-link.changed"
    TOPIC: ClassVar[Topic] = topics.SGO_CHILD_LINKS
    OURS: ClassVar[bool] = False

    sgo_parent_id: Code
    sgo_child_id: Code
    version: Version
    linked: Annotated[bool, Field(strict=True)]

    @property
    def key(self) -> str:
        return f"{self.sgo_parent_id}:{self.sgo_child_id}"


# --- identity -----------------------------------------------------------------------------------


class UserRegistered(Event):
    """A user is known for the first time; full state."""

    TYPE: ClassVar[str] = "user.registered"
    TOPIC: ClassVar[Topic] = topics.IDENTITY_USERS

    user_id: UUID
    version: Version
    roles: Annotated[tuple[SaidRole, ...], SHORT]
    person: Person

    @property
    def key(self) -> str:
        return str(self.user_id)


class UserUpdated(UserRegistered):
    """A user changed; full state. A tombstone on the same key means: erased."""

    TYPE: ClassVar[str] = "user.updated"


class ChildLinked(Event):
    """A child is linked to a parent."""

    TYPE: ClassVar[str] = "child.linked"
    TOPIC: ClassVar[Topic] = topics.IDENTITY_CHILD_LINKS

    parent_id: UUID
    child_id: UUID
    version: Version

    @property
    def key(self) -> str:
        return f"{self.parent_id}:{self.child_id}"


class ChildUnlinked(ChildLinked):
    """The link is gone: the parent sees nothing of the child any more."""

    TYPE: ClassVar[str] = "child.unlinked"


# --- certificates -------------------------------------------------------------------------------


class Requester(Value):
    """Who asks, and as whom."""

    user_id: UUID
    role: RequesterRole


class AboutChild(Event):
    """Keyed by the child: all that happens to one child's certificate is in order."""

    child_id: UUID

    @property
    def key(self) -> str:
        return str(self.child_id)


class CertificateRequested(AboutChild):
    """Somebody pressed «Получить сертификат»."""

    TYPE: ClassVar[str] = "certificate.requested"
    TOPIC: ClassVar[Topic] = topics.CERTIFICATE_REQUESTS

    request_id: UUID
    requester: Requester
    requested_at: Moment


class CertificateRefused(AboutChild):
    """No certificate was made; every rule that failed, by code."""

    TYPE: ClassVar[str] = "certificate.refused"
    TOPIC: ClassVar[Topic] = topics.CERTIFICATES

    request_id: UUID
    codes: Annotated[tuple[SaidCode, ...], Field(min_length=1)]
    refused_at: Moment


class AboutCertificate(AboutChild):
    """State of a certificate after the event; `version` is dense (+1 each): a gap is a loss."""

    TOPIC: ClassVar[Topic] = topics.CERTIFICATES

    certificate_id: UUID
    version: Version
    number: Number
    status: SaidStatus
    valid_from: Day
    valid_until: Day


class CertificateIssued(AboutCertificate):
    """A certificate exists, with its number, not yet activated.

    `imported`: another system issued it, nobody has requested it here, its number may have a form
    of its own, and what became of it there follows as events of its own.
    """

    TYPE: ClassVar[str] = "certificate.issued"

    request_id: UUID
    issued_at: Moment
    imported: Annotated[bool, Field(strict=True)] = False


class CertificateActivated(AboutCertificate):
    """An employee of an authorized organization checked the papers and activated it."""

    TYPE: ClassVar[str] = "certificate.activated"

    activated_at: Moment
    organization_id: Code


class CertificateSuspended(AboutCertificate):
    TYPE: ClassVar[str] = "certificate.suspended"

    suspended_at: Moment
    reason: Code


class CertificateResumed(AboutCertificate):
    TYPE: ClassVar[str] = "certificate.resumed"

    resumed_at: Moment


class CertificateAnnulled(AboutCertificate):
    """It is over. `reason` is a code of the desk's, or `person_erased`: its child is erased."""

    TYPE: ClassVar[str] = "certificate.annulled"

    annulled_at: Moment
    reason: Code


class CertificateExpiring(AboutCertificate):
    """A warning 90, 30 and 7 days before the last valid day."""

    TYPE: ClassVar[str] = "certificate.expiring"

    days_left: Annotated[int, Field(ge=0), COUNTABLE]


class CertificateExpired(AboutCertificate):
    TYPE: ClassVar[str] = "certificate.expired"

    expired_at: Moment


# --- documents ----------------------------------------------------------------------------------


class AboutDocument(AboutChild):
    """A document of a certificate, by id and digest (claim check); `version` is dense.

    `version` counts the events of one certificate on this topic, apart from `certificates.v1`.
    """

    TOPIC: ClassVar[Topic] = topics.DOCUMENTS

    certificate_id: UUID
    version: Version
    document_id: UUID


class CredentialsDocumentReady(AboutDocument):
    """The PDF with the portal's login and password can be downloaded by its owner."""

    TYPE: ClassVar[str] = "document.credentials.ready"

    digest: Digest
    template_version: Code
    built_at: Moment


class CredentialsRotated(AboutDocument):
    """A new password and a new PDF; the old ones are dead."""

    TYPE: ClassVar[str] = "document.credentials.rotated"

    digest: Digest
    template_version: Code
    rotated_at: Moment


class CertificateImageReady(AboutDocument):
    """Not sent in this release: the picture is drawn when asked for, after `certificate.issued`."""

    TYPE: ClassVar[str] = "document.image.ready"

    digest: Digest
    template_version: Code
    built_at: Moment


class DocumentFailed(AboutDocument):
    """A document could not be built; it is tried again at `retry_at`."""

    TYPE: ClassVar[str] = "document.failed"

    reason: SaidFailure
    attempt: Annotated[int, Field(ge=1), COUNTABLE]
    failed_at: Moment
    retry_at: Moment


# --- every service ------------------------------------------------------------------------------


class PersonErased(Event):
    """A service has destroyed what it held of a person, whose tombstone it heard.

    `version` is the tombstone's, 0 where it had none; `counts` says how many of which kind.
    """

    TYPE: ClassVar[str] = "person.erased"
    TOPIC: ClassVar[Topic] = topics.ERASURES

    service: Code
    user_id: UUID
    version: Count
    counts: Annotated[dict[Code, Count], SHORT]
    erased_at: Moment

    @property
    def key(self) -> str:
        return str(self.user_id)


_ALL: Final[tuple[type[Event], ...]] = (
    SgoUserChanged,
    SgoChildLinkChanged,
    UserRegistered,
    UserUpdated,
    ChildLinked,
    ChildUnlinked,
    CertificateRequested,
    CertificateRefused,
    CertificateIssued,
    CertificateActivated,
    CertificateSuspended,
    CertificateResumed,
    CertificateAnnulled,
    CertificateExpiring,
    CertificateExpired,
    CredentialsDocumentReady,
    CredentialsRotated,
    CertificateImageReady,
    DocumentFailed,
    PersonErased,
)
EVENTS: Final[dict[str, type[Event]]] = {event.TYPE: event for event in _ALL}
