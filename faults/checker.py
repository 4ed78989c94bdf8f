"""The invariants I1 to I10 over a whole history.

An unanswered request may have happened or not, but never half. Pure. What `make verify` checks too
is taken from its findings and only given its invariant here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from contracts import topics

from faults.history import Ask, History, Spoken

ASKED: Final = {
    "http": topics.CERTIFICATE_REQUESTS.name,
    "family": topics.CERTIFICATE_REQUESTS.name,
    "bulk": topics.CERTIFICATE_REQUESTS_BULK.name,
}
DENSE: Final = {topics.CERTIFICATES.name, topics.DOCUMENTS.name}
READY, FAILED = "document.credentials.ready", "document.failed"
INVARIANT_OF: Final = {
    **dict.fromkeys(
        ("unanswered", "vanished", "unconfirmed", "unheard", "unconsented", "documentless"), "I1"
    ),
    **dict.fromkeys(("conflicting", "number_twice", "mistyped", "two_living"), "I2"),
    "not_dense": "I3",
    **dict.fromkeys(
        (
            *("half_answered", "unsaid", "untrue", "altered"),
            *("unerased", "foreign_document", "outlived"),
        ),
        "I4",
    ),
    **dict.fromkeys(("unsent", "stuck"), "I5"),
    "quarantined": "I9",
    **dict.fromkeys(("broken", "unsealed"), "I10"),
}


class Violation(NamedTuple):
    """Which invariant does not hold, and of what, in words."""

    invariant: str
    words: str


def violations(history: History) -> list[Violation]:
    """All of them; none for a history in which every promise was kept."""
    checks = (_asks, _once, _dense, _healed, _heard, _secret, _bounded, _poison, _found)
    return [found for check in checks for found in check(history)]


def _asks(history: History) -> Iterator[Violation]:
    """I1, I4, I6: each request left all its traces, or, where nobody was answered, none."""
    traces = _Traces(history)
    for ask in history.asked:
        there = traces.of(ask)
        missing = [what for what, is_there in there.items() if not is_there]
        if not missing:
            continue
        if len(missing) < len(there):
            invariant = "I4"
        elif ask.answered:
            invariant = "I6" if ask.lane == "http" else "I1"
        else:
            continue
        yield Violation(invariant, f"request {ask.request_id} ({ask.lane}): no {missing[0]}")


class _Traces:
    """What a request leaves behind: on the topics and in the databases."""

    def __init__(self, history: History) -> None:
        self.stored = history.stored
        said: defaultdict[tuple[str, str], set[str | None]] = defaultdict(set)
        for (topic, _, _), what in history.published:
            said[topic, what.kind].add(what.about)
        self.asked = {lane: said[topic, "certificate.requested"] for lane, topic in ASKED.items()}
        self.refused = said[topics.CERTIFICATES.name, "certificate.refused"]
        self.issued = said[topics.CERTIFICATES.name, "certificate.issued"]
        self.documents = said[topics.DOCUMENTS.name, READY] | said[topics.DOCUMENTS.name, FAILED]

    def of(self, ask: Ask) -> dict[str, bool]:
        """Each trace and whether it is there, in the order in which they come to be."""
        status, certificate = self.stored.requests.get(ask.request_id, (None, None))
        there = {
            "record on its topic": ask.request_id in self.asked[ask.lane],
            "row of the request": status is not None,
            "decision": status in {"issued", "refused"},
        }
        if status == "refused":
            there["event of the refusal"] = ask.request_id in self.refused
        if status == "issued":
            there |= {
                "certificate": self.stored.certificates.get(certificate or "") == ask.request_id,
                "event of the certificate": certificate in self.issued,
                "document": certificate in self.stored.documents,
                "event of the document": certificate in self.documents,
            }
        return there


def _once(history: History) -> Iterator[Violation]:
    """I2: one answer to a request, and one event a version, however often it was sent."""
    answers: Counter[str] = Counter(history.stored.certificates.values())
    answers.update({s.about for (topic, *_), s in history.published
                    if topic == topics.CERTIFICATES.name and s.kind == "certificate.refused"
                    and s.about})  # fmt: skip
    yield from (
        Violation("I2", f"request {id_}: {n} answers") for id_, n in answers.items() if n > 1
    )
    ours = [one for one in history.published if one.place[0] in DENSE]
    events: defaultdict[tuple[str, str | None, int], set[str]] = defaultdict(set)
    contents: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for (topic, *_), said in ours:
        events[topic, said.about, said.version].add(said.id)
        contents[topic, said.id].add(said.digest)
    for (topic, about, version), ids in events.items():
        if len(ids) > 1:
            yield Violation("I2", f"{about} version {version} on {topic}: {len(ids)} events")
    for (topic, id_), digests in contents.items():
        if len(digests) > 1:
            yield Violation("I2", f"event {id_} on {topic}: {len(digests)} contents")


def _dense(history: History) -> Iterator[Violation]:
    """I3: versions of one certificate grow by one, as published and as received."""
    for what, spoken in (("published", history.published), ("received", history.received or ())):
        for (topic, about), versions in _versions(spoken).items():
            if versions != list(range(1, len(versions) + 1)):
                yield Violation("I3", f"{about} on {topic}, as {what}: versions {versions}")


def _versions(spoken: Sequence[Spoken]) -> dict[tuple[str, str], list[int]]:
    """Of each aggregate in the order of arrival; a second delivery is no second event."""
    seen: set[tuple[str, str]] = set()
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for (topic, _, _), said in spoken:
        if topic in DENSE and said.about and said.version and (topic, said.id) not in seen:
            seen.add((topic, said.id))
            found[topic, said.about].append(said.version)
    return found


def _healed(history: History) -> Iterator[Violation]:
    """I5: nothing is on its way any more."""
    for what, count in history.stored.waiting.items():
        if count:
            yield Violation("I5", f"{what}: {count}")


def _heard(history: History) -> Iterator[Violation]:
    """I1: who was subscribed all the time has heard each record."""
    if history.received is None:
        return
    heard = {one.place for one in history.received}
    for place, said in history.published:
        if place[0] in DENSE and place not in heard:
            yield Violation("I1", f"{said.kind} {said.about} at {_words(place)} was not heard")


def _secret(history: History) -> Iterator[Violation]:
    """I7: named, and never repeated here."""
    for where, text in history.texts.items():
        for name, secret in history.secrets.items():
            if secret in text:
                yield Violation("I7", f"{name} stands in {where}")


def _bounded(history: History) -> Iterator[Violation]:
    """I8: memory, connections and tables stay below what is allowed."""
    for what, (measured, most) in history.sizes.items():
        if measured > most:
            yield Violation("I8", f"{what}: {measured:,.0f}, at most {most:,.0f}")


def _poison(history: History) -> Iterator[Violation]:
    """I9: each poisonous record is kept once, and no other record is."""
    rows = Counter(place for place, _ in history.stored.quarantined)
    for place in history.poison:
        if rows[place] != 1:
            yield Violation("I9", f"{_words(place)} is kept {rows[place]} times")
    for place, why in history.stored.quarantined:
        if place not in history.poison:
            yield Violation("I9", f"{_words(place)} is in quarantine: {why}")


def _found(history: History) -> Iterator[Violation]:
    """What verify lists; who may be in quarantine is known here only."""
    for one in history.found:
        if one.check and one.check.lists != "quarantined":
            invariant = INVARIANT_OF[one.check.lists]
            yield from (Violation(invariant, f"{one.line}: not so of {gap}") for gap in one.gaps)


def _words(place: tuple[str, int, int]) -> str:
    return ":".join(map(str, place))
