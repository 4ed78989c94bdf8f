"""The promises: each one statement over the evidence that lists what breaks it, and what to do."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tools.verify.evidence import SQL

YOUNG_MS = 60_000
GAPS_SHOWN = 20
SHOWN = ".venv/bin/python -m tools.stack.exec"

HEALTH = (
    "see /health/ready and the log of {service}: a restart takes up what is not acknowledged,"
    " make verify heal=1 what was acknowledged and is lost"
)
AGAIN = "make verify heal=1 says it again; what it cannot: docs/operators-guide.md"
KEEP = (
    "nothing here heals it: keep a copy of the databases and the topics, and find who wrote there"
)
CHANGED = (
    "somebody wrote into a database: find who; the next change of the user or link in SGO is told"
    " in full and puts it right"
)


@dataclass(frozen=True, slots=True)
class Check:
    """`lists` is the query of its gaps; `says` is the promise, `do` what to do about a gap.

    `foreign`: a gap may be a record of a stranger, which somebody has looked at and knows.
    """

    lists: str
    says: str
    do: str
    names: Mapping[str, str] = field(default_factory=dict)
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `gaps` are the first of `count`; a plain count has no check.

    `known` are no gaps any more: each with who has looked at it, when and why.
    """

    line: str
    check: Check | None = None
    gaps: Sequence[str] = ()
    count: int = 0
    known: Sequence[str] = ()


def _unheard(service: str, topic: str) -> Check:
    return Check(
        "unheard", f"{service} knows all that is on {topic}", HEALTH.format(service=service),
        {"service": service, "topic": topic},
    )  # fmt: skip


def _altered(service: str, topic: str) -> Check:
    return Check(
        "altered", f"what {service} keeps of {topic} is what identity says", CHANGED,
        {"service": service, "topic": topic},
    )  # fmt: skip


def _unsaid(service: str, topic: str, what: str) -> Check:
    return Check("unsaid", f"{what} was said on {topic}", f"{AGAIN} ({service})", {"topic": topic})


def _untrue(topic: str, where: str) -> Check:
    says = f"all that {topic} says is so in {where}"
    return Check("untrue", says, KEEP, {"topic": topic}, foreign=True)


COUNTS = ("requested", "certificates", "documents", "outbox", "shelves")
CHECKS = (
    Check("unanswered", "each request has its answer", HEALTH.format(service="certificates")),
    Check("half_answered", "an issued request has a certificate, no other has one", KEEP),
    _unsaid("certificates", "certificates.requests.v1", "each request"),
    _unsaid("certificates", "certificates.v1", "each version of a certificate, each refusal"),
    _unsaid("documents", "documents.v1", "each version of a document"),
    _unsaid("identity", "identity.users.v1", "each user's state"),
    _unsaid("identity", "identity.child-links.v1", "each link's state"),
    _untrue("certificates.v1", "certificates"),
    _untrue("documents.v1", "documents"),
    _untrue("identity.users.v1", "identity"),
    _untrue("identity.child-links.v1", "identity"),
    Check("conflicting", "no event was said with two contents", KEEP),
    Check("vanished", "what Kafka acknowledged is on the topic", AGAIN),
    Check("unerased", "of who is erased the last word is a tombstone", AGAIN),
    Check("unconfirmed", "each erasure is confirmed by every service",
          HEALTH.format(service="certificates and documents")),
    _unheard("identity", "erasures.v1"),
    _unheard("identity", "sgo.users.v1"),
    _unheard("identity", "sgo.child-links.v1"),
    _unheard("certificates", "identity.users.v1"),
    _unheard("certificates", "identity.child-links.v1"),
    _unheard("documents", "identity.users.v1"),
    _unheard("documents", "identity.child-links.v1"),
    _altered("certificates", "identity.users.v1"),
    _altered("certificates", "identity.child-links.v1"),
    _altered("documents", "identity.users.v1"),
    _altered("documents", "identity.child-links.v1"),
    Check("unconsented", "each consent that was journalled is kept", KEEP),
    Check("outlived", "no consent stands of or for who is erased",
          "make verify heal=1 ends it; if identity knows of no erasure, find who wrote there"),
    Check("not_dense", "versions are dense", KEEP),
    Check("number_twice", "no number was given twice", KEEP),
    Check("mistyped", "check digits are right", KEEP),
    Check("two_living", "a child has one living certificate at most", KEEP),
    Check("documentless", "each certificate has its document", HEALTH.format(service="documents")),
    Check("foreign_document", "each document belongs to its certificate and number", KEEP),
    Check("unsent", "nothing stays in an outbox", "see that Kafka answers; it goes out by itself"),
    Check("stuck", "nothing waits for longer than its patience",
          f"{SHOWN} SERVICE chassis.commands parked show ID; then redrive or drop it"),
    Check("quarantined", "nothing is in quarantine", "look at each, then redrive or drop it"),
    Check("broken", "the journal's chain is whole", KEEP),
    Check("unsealed", "the journal is sealed", "see the log of the service for journal_not_sealed"),
)  # fmt: skip


def run(
    evidence: sqlite3.Connection, now_ms: int, known: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Finding]:
    """Every finding, counts first. Younger than a minute is on its way, and no gap.

    `known`: who has looked at which foreign record, by its place and mark.
    """
    for topic, records in evidence.execute(SQL["topics"]):
        yield Finding(f"{topic}: {records} records")
    for name in COUNTS:
        yield Finding(evidence.execute(SQL[name]).fetchone()[0])
    for name, in_part in evidence.execute("SELECT name, cut FROM topic ORDER BY name"):
        if in_part:
            yield Finding(f"{name} no longer begins at 0: only what is there was compared")
    left = dict(known)
    for check in CHECKS:
        yield _checked(evidence, check, now_ms, left)
    for place in left:
        yield Finding(
            f"{place} is known, and is no foreign record (any more) that says what is not so"
        )


def _checked(
    evidence: sqlite3.Connection, check: Check, now_ms: int, left: dict[str, str]
) -> Finding:
    """Takes out of `left` what it finds."""
    shown: list[str] = []
    known: list[str] = []
    count = 0
    for gap, *words in gaps(evidence, check, now_ms):
        if check.foreign and words[0] in left:
            known.append(f"{gap}: {left.pop(words[0])}")
            continue
        count += 1
        if count <= GAPS_SHOWN:
            shown.append(gap)
    return Finding(check.says, check, shown, count, known)


def gaps(evidence: sqlite3.Connection, check: Check, now_ms: int) -> Iterator[tuple[Any, ...]]:
    """Each gap's line, and behind it the words for its cure, the first None where it has none."""
    given = {"now": now_ms, "young": YOUNG_MS, "shown": SHOWN, **check.names}
    return evidence.execute(SQL[check.lists], given)


def report(findings: Iterator[Finding]) -> int:
    """Print them; 0 if there is no gap, else 1."""
    gaps = 0
    for one in findings:
        mark = "   " if one.check is None else "GAP" if one.count else "ok "
        print(f"{mark}  {one.line}")
        for gap in one.gaps:
            print(f"       {gap}")
        if one.count > len(one.gaps):
            print(f"       … and {one.count - len(one.gaps)} more")
        if one.check and one.count:
            print(f"       → {one.check.do}")
        for known in one.known:
            print(f"known  {known}")
        gaps += one.count
    print("No gap." if not gaps else f"{gaps} gaps.")
    return int(bool(gaps))
