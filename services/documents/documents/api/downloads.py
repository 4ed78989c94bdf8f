"""Who was given which document, and what the journal says of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from chassis import journal


@dataclass(frozen=True, slots=True)
class Download:
    """Who was given which document of whom, as whom; an application may be before a certificate.

    `organization`: whose employee was given it; `why`: what they needed it for.
    """

    kind: Literal["credentials", "image", "application", "portal_account"]
    child_id: UUID
    certificate_id: UUID | None
    document_id: UUID
    user_id: UUID
    actor: str
    at: datetime
    organization: str | None = None
    why: str = ""

    def entry(self) -> journal.Entry:
        """The line of the journal about it."""
        about = [self.why] if self.why else []
        about += [f"certificate {self.certificate_id}"] if self.certificate_id else []
        return journal.Entry(
            self.at, self.user_id, self.actor, f"downloaded_{self.kind}", self.child_id,
            self.organization, ", ".join([*about, f"document {self.document_id}"]),
        )  # fmt: skip
