"""The checker finds each kind of damage that is planted into a history that was whole before."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from contracts import topics

from faults.checker import INVARIANT_OF, violations
from faults.history import Ask, History, Spoken, Stored
from tools.verify.checks import CHECKS, Check, Finding
from tools.verify.records import Said

REQUESTS, BULK = topics.CERTIFICATE_REQUESTS.name, topics.CERTIFICATE_REQUESTS_BULK.name
CERTIFICATES, DOCUMENTS = topics.CERTIFICATES.name, topics.DOCUMENTS.name
POISON = (REQUESTS, 3, 7)


def spoken(topic: str, offset: int, kind: str, about: str, version: int = 1) -> Spoken:
    what = f"{kind}-{about}-{version}"
    return Spoken((topic, 0, offset), Said(kind, what, about, version, None, hash(what)))


def whole() -> History:
    """One by HTTP that was issued and activated, one on each lane, one that nobody answered."""
    published = [
        spoken(REQUESTS, 0, "certificate.requested", "r1"),
        spoken(REQUESTS, 1, "certificate.requested", "r2"),
        spoken(BULK, 0, "certificate.requested", "r3"),
        spoken(CERTIFICATES, 0, "certificate.issued", "c1"),
        spoken(CERTIFICATES, 1, "certificate.refused", "r2", version=0),
        spoken(CERTIFICATES, 2, "certificate.issued", "c3"),
        spoken(CERTIFICATES, 3, "certificate.activated", "c1", version=2),
        spoken(CERTIFICATES, 4, "certificate.activated", "c1", version=2),  # sent twice
        spoken(DOCUMENTS, 0, "document.credentials.ready", "c1"),
        spoken(DOCUMENTS, 1, "document.credentials.ready", "c3"),
    ]
    return History(
        asked=[
            Ask("r1", "child-1", "http", answered=True),
            Ask("r2", "child-2", "family", answered=True),
            Ask("r3", "child-3", "bulk", answered=True),
            Ask("r4", "child-4", "http", answered=False),
        ],
        stored=Stored(
            requests={"r1": ("issued", "c1"), "r2": ("refused", None), "r3": ("issued", "c3")},
            certificates={"c1": "r1", "c3": "r3"},
            documents={"c1": "ready", "c3": "ready"},
            quarantined=[(POISON, "bad_event")],
            waiting={"outbox of certificates": 0, "parked in certificates": 0, "lag": 0},
        ),
        published=published,
        received=[one for one in published if one.place[0] in {CERTIFICATES, DOCUMENTS}],
        poison=[POISON],
        secrets={"a database's password": b"canary-7"},
        texts={"certificates.log": b"all is well", REQUESTS: b"r1 r2"},
        sizes={"memory of identity, MiB": (90, 500)},
        found=[Finding("versions are dense", CHECKS[0])],
    )


def without(history: History, *places: tuple[str, int]) -> History:
    """These records (topic, offset) are neither there nor heard."""
    left = [one for one in history.published if (one.place[0], one.place[2]) not in places]
    heard = [one for one in left if one.place[0] in {CERTIFICATES, DOCUMENTS}]
    return replace(history, published=left, received=heard)


def stored(history: History, **changes) -> History:
    return replace(history, stored=replace(history.stored, **changes))


def also(history: History, *more: Spoken) -> History:
    return replace(
        history, published=[*history.published, *more], received=[*history.received, *more]
    )


def http_request_gone(history: History) -> History:
    fewer = {k: v for k, v in history.stored.requests.items() if k != "r1"}
    gone = without(history, (REQUESTS, 0), (CERTIFICATES, 0), (CERTIFICATES, 3), (CERTIFICATES, 4),
                   (DOCUMENTS, 0))  # fmt: skip
    return stored(gone, requests=fewer, certificates={"c3": "r3"}, documents={"c3": "ready"})


def acknowledged_record_gone(history: History) -> History:
    fewer = {k: v for k, v in history.stored.requests.items() if k != "r2"}
    return stored(without(history, (REQUESTS, 1), (CERTIFICATES, 1)), requests=fewer)


def swapped(history: History) -> History:
    """Activated is published before issued."""
    order = list(history.published)
    order[3], order[6] = order[6], order[3]
    return replace(history, published=order)


def reordered_for_the_subscriber(history: History) -> History:
    return replace(history, received=list(reversed(history.received)))


def half_of_an_unanswered_one(history: History) -> History:
    return stored(history, requests={**history.stored.requests, "r4": ("pending", None)})


def record_without_a_row(history: History) -> History:
    return also(history, spoken(REQUESTS, 9, "certificate.requested", "r4"))


def other_content(history: History) -> History:
    first = history.published[3]
    return also(
        history, first._replace(place=(CERTIFICATES, 0, 9), said=first.said._replace(digest=1))
    )


def second_id(history: History) -> History:
    first = history.published[3]
    return also(
        history, first._replace(place=(CERTIFICATES, 0, 9), said=first.said._replace(id="z"))
    )


@dataclass(frozen=True)
class Planted:
    """What is done to the history, and a part of each line that must come of it."""

    invariant: str
    words: str
    plant: Callable[[History], History]


PLANTED = {
    "an answered request is lost": Planted("I6", "request r1 (http)", http_request_gone),
    "an acknowledged record is lost": Planted("I1", "request r2", acknowledged_record_gone),
    "a request is never decided": Planted(
        "I4", "request r2 (family): no decision",
        lambda h: stored(h, requests={**h.stored.requests, "r2": ("pending", None)}),
    ),
    "a subscriber missed a record": Planted(
        "I1", "was not heard", lambda h: replace(h, received=h.received[:-1])
    ),
    "two certificates of one request": Planted(
        "I2", "request r1: 2 answers",
        lambda h: stored(h, certificates={**h.stored.certificates, "c9": "r1"}),
    ),
    "issued and refused": Planted(
        "I2", "request r1: 2 answers",
        lambda h: also(h, spoken(CERTIFICATES, 9, "certificate.refused", "r1", version=0)),
    ),
    "one version under two ids": Planted("I2", "c1 version 1 on certificates.v1", second_id),
    "one id with two contents": Planted("I2", "2 contents", other_content),
    "a gap in the versions": Planted(
        "I3", "versions [1, 2, 4]",
        lambda h: also(h, spoken(CERTIFICATES, 9, "certificate.suspended", "c1", version=4)),
    ),
    "versions out of order on the topic": Planted("I3", "published: versions [2, 1]", swapped),
    "versions out of order for a subscriber": Planted(
        "I3", "received: versions [2, 1]", reordered_for_the_subscriber
    ),
    "half of an unanswered request": Planted("I4", "request r4 (http)", half_of_an_unanswered_one),
    "a record without its row": Planted("I4", "request r4", record_without_a_row),
    "a certificate that nobody was told of": Planted(
        "I4", "no event of the certificate", lambda h: without(h, (CERTIFICATES, 2))
    ),
    "a certificate without a document": Planted(
        "I4", "request r3 (bulk): no document", lambda h: stored(h, documents={"c1": "ready"})
    ),
    "a document that nobody was told of": Planted(
        "I4", "no event of the document", lambda h: without(h, (DOCUMENTS, 1))
    ),
    "an outbox that is not empty": Planted(
        "I5", "outbox of certificates: 3",
        lambda h: stored(h, waiting={"outbox of certificates": 3}),
    ),
    "lag": Planted("I5", "lag: 1", lambda h: stored(h, waiting={"lag": 1})),
    "a secret in a log": Planted(
        "I7", "a database's password stands in documents.log",
        lambda h: replace(h, texts={"documents.log": b"sign-in with canary-7 refused"}),
    ),
    "memory without bound": Planted(
        "I8", "memory of identity, MiB: 501, at most 500",
        lambda h: replace(h, sizes={"memory of identity, MiB": (501, 500)}),
    ),
    "poison that was dropped": Planted(
        "I9", f"{REQUESTS}:3:7 is kept 0 times", lambda h: stored(h, quarantined=[])
    ),
    "poison that was kept twice": Planted(
        "I9", f"{REQUESTS}:3:7 is kept 2 times",
        lambda h: stored(h, quarantined=2 * [(POISON, "bad_event")]),
    ),
    "a good record in quarantine": Planted(
        "I9", f"{REQUESTS}:0:0 is in quarantine: failed",
        lambda h: stored(h, quarantined=[(POISON, "bad_event"), ((REQUESTS, 0, 0), "failed")]),
    ),
    "a broken journal": Planted(
        "I10", "not so of identity: link 4",
        lambda h: replace(h, found=[
            Finding("the journal's chain is whole", Check("broken", "", ""), ["identity: link 4"])
        ]),
    ),
}  # fmt: skip


def test_a_whole_history_has_no_violation_though_events_came_twice():
    assert violations(whole()) == []


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_what_is_planted_is_found_under_its_invariant(planted):
    found = violations(planted.plant(whole()))
    assert any(one.invariant == planted.invariant and planted.words in one.words for one in found)


def test_every_invariant_has_a_planted_damage():
    assert {one.invariant for one in PLANTED.values()} == {f"I{n}" for n in range(1, 11)}


def test_an_unanswered_request_that_happened_wholly_is_no_violation():
    history = stored(whole(), requests={**whole().stored.requests, "r4": ("refused", None)})
    happened = also(
        history,
        spoken(REQUESTS, 9, "certificate.requested", "r4"),
        spoken(CERTIFICATES, 9, "certificate.refused", "r4", version=0),
    )
    assert violations(happened) == []


def test_a_secret_is_named_and_not_repeated():
    (found,) = violations(PLANTED["a secret in a log"].plant(whole()))
    assert "canary-7" not in found.words


def test_each_check_of_verify_has_its_invariant():
    assert {check.lists for check in CHECKS} == set(INVARIANT_OF)
