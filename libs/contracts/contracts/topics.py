"""One topic per aggregate, keyed so that the events of one child are in order.

Across topics there is no order. Within `v1` only additive change; a breaking change is a new topic.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic as we create it: `retention_days` is None where the topic is compacted.

    `stamped`: the time of a record is the broker's, whatever its writer's clock says.
    """

    name: str
    key: str
    partitions: int
    retention_days: int | None
    readers: str
    stamped: bool = False


SGO_USERS: Final = Topic("sgo.users.v1", "SGO user id", 12, 30, "identity")
SGO_CHILD_LINKS: Final = Topic(
    "sgo.child-links.v1", "SGO parent id:SGO child id", 12, 30, "identity"
)
IDENTITY_USERS: Final = Topic("identity.users.v1", "user id", 12, None, "inside only")
IDENTITY_CHILD_LINKS: Final = Topic(
    "identity.child-links.v1", "parent id:child id", 12, None, "inside only"
)
CERTIFICATE_REQUESTS: Final = Topic(
    "certificates.requests.v1", "child id", 12, 30, "inside; SGO may write", stamped=True
)
CERTIFICATE_REQUESTS_BULK: Final = Topic(
    "certificates.requests.bulk.v1", "child id", 12, 30, "inside; SGO may write", stamped=True
)
CERTIFICATES: Final = Topic("certificates.v1", "child id", 12, 365, "everyone")
DOCUMENTS: Final = Topic("documents.v1", "child id", 12, 365, "everyone")
ERASURES: Final = Topic("erasures.v1", "user id", 12, 30, "inside only")

TOPICS: Final = (
    SGO_USERS,
    SGO_CHILD_LINKS,
    IDENTITY_USERS,
    IDENTITY_CHILD_LINKS,
    CERTIFICATE_REQUESTS,
    CERTIFICATE_REQUESTS_BULK,
    CERTIFICATES,
    DOCUMENTS,
    ERASURES,
)
