"""What happened in one run, as a plain value: what was asked, stored, published, and heard.

It is gathered after the system was left to heal (`faults.gathering`), and judged by `checker`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tools.verify.checks import Finding
from tools.verify.records import Said

Lane = Literal["http", "family", "bulk"]
Place = tuple[str, int, int]  # topic, partition, offset


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as its sender knows it.

    `answered`: by 2xx or by the broker's acknowledgement; otherwise it may have happened or not.
    """

    request_id: str
    child: str
    lane: Lane
    answered: bool


class Spoken(NamedTuple):
    """A record on a topic, `place` first; `said` is what stands in it."""

    place: Place
    said: Said


@dataclass(frozen=True, slots=True)
class Stored:
    """What the databases hold: request → (status, certificate), certificate → its request."""

    requests: Mapping[str, tuple[str, str | None]]
    certificates: Mapping[str, str]
    documents: Mapping[str, str]
    quarantined: Sequence[tuple[Place, str]] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """`published` in the order of each partition; `received` in the order a subscriber heard it.

    `poison`: places of records that no retry can apply. `secrets` by name, and `texts` where none
    may stand. `sizes`: what was measured, and how much is allowed. `found`: what verify lists.
    """

    asked: Sequence[Ask]
    stored: Stored
    published: Sequence[Spoken]
    received: Sequence[Spoken] | None = None
    poison: Sequence[Place] = ()
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    texts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    sizes: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    found: Sequence[Finding] = ()
