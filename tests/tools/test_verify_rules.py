"""What `make verify` must not report: on its way, kept apart, or gone by a topic's own rules."""

import sqlite3

import pytest
from certificates.decide import certificate_of

from tests.builders import NOW as WHEN
from tools.stack.problem import Problem
from tools.verify import checks, cures, evidence, metrics
from tools.verify.records import said

NOW, OLD = 1_000_000_000, 500_000
REQUESTS, CERTIFICATES, USERS = "certificates.requests.v1", "certificates.v1", "identity.users.v1"
BULK = "certificates.requests.bulk.v1"


@pytest.fixture
def seen():
    found = evidence.opened(":memory:")
    for topic, compacted in ((REQUESTS, 0), (CERTIFICATES, 0), (USERS, 1)):
        found.execute("INSERT INTO topic VALUES (?, 0, ?, 0)", (topic, compacted))
    yield found
    found.close()


def add(seen: sqlite3.Connection, table: str, *values: object) -> None:
    seen.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)


def event(seen, topic: str, about: str, *, version: int = 1, at: int = OLD) -> None:
    add(seen, "event", topic, 0, 7, at, "kind", "e", about, version, None, 1)


def sent(seen, topic: str, about: str, *, kind: str = "kind") -> None:
    add(seen, "way", "sent", topic, OLD, kind, "e", about, 1, None, 1, "identity")


def gaps(seen, name: str, **names: str) -> int:
    return sum(
        one.count for one in checks.run(seen, NOW)
        if one.check and one.check.lists == name and names.items() <= dict(one.check.names).items()
    )  # fmt: skip


def test_a_request_of_this_minute_is_on_its_way(seen):
    event(seen, REQUESTS, "r", at=NOW - 59_000)
    assert gaps(seen, "unanswered") == 0
    event(seen, REQUESTS, "r", at=NOW - 61_000)
    assert gaps(seen, "unanswered") == 1


def test_the_same_request_told_twice_on_the_lane_for_masses_is_no_conflict(seen):
    for content in (1, 2):
        add(seen, "event", BULK, 0, content, OLD, "kind", "e", "r", 1, None, content)
    assert gaps(seen, "conflicting") == 0


@pytest.mark.parametrize(
    ("state", "count"), [("parked", 0), ("open", 0), ("dropped", 0), ("redriven", 1)]
)
def test_a_request_that_is_kept_apart_is_not_lost_but_one_given_again_needs_an_answer(
    seen, state, count
):
    event(seen, REQUESTS, "r")
    add(seen, "kept", "certificates", "quarantine", 1, REQUESTS, 0, 7, "why", OLD, state)
    assert gaps(seen, "unanswered") == count


def test_what_a_topic_no_longer_holds_is_not_reported_but_what_follows_on_it_is(seen):
    seen.execute("UPDATE topic SET cut = 1")
    add(seen, "fact", CERTIFICATES, "old", 1, None, 1)
    assert gaps(seen, "unsaid") == 0
    event(seen, CERTIFICATES, "newer", version=2)
    add(seen, "fact", CERTIFICATES, "newer", 3, None, 1)
    assert gaps(seen, "unsaid") == 1


def test_what_waits_in_the_outbox_is_said(seen):
    add(seen, "fact", CERTIFICATES, "c", 1, None, 1)
    assert gaps(seen, "unsaid") == 1
    add(seen, "way", "outbox", CERTIFICATES, NOW, "kind", "e", "c", 1, None, 1, "certificates")
    assert gaps(seen, "unsaid") == 0


def test_what_compaction_may_take_has_not_vanished(seen):
    sent(seen, USERS, "tombstone", kind="tombstone")
    sent(seen, USERS, "replaced")
    event(seen, USERS, "replaced", version=2)
    assert gaps(seen, "vanished") == 0
    sent(seen, USERS, "the latest")
    assert gaps(seen, "vanished") == 1


def test_what_was_sent_before_the_topic_begins_has_not_vanished(seen):
    seen.execute("UPDATE topic SET cut = 1, since = ?", (OLD + 1,))
    sent(seen, CERTIFICATES, "c")
    assert gaps(seen, "vanished") == 0


def test_an_erasure_that_waits_in_the_outbox_is_said(seen):
    event(seen, USERS, "u")
    add(seen, "gone", "u", 0)
    assert gaps(seen, "unerased") == 1
    add(seen, "way", "outbox", USERS, NOW, "tombstone", "e", "u", 2, None, 1, "identity")
    assert gaps(seen, "unerased") == 0


def test_a_link_of_a_merged_record_opens_nothing_and_is_not_missed(seen):
    parent, child = "a" * 36, "b" * 36
    event(seen, "sgo.child-links.v1", f"{parent}:{child}")
    assert gaps(seen, "unheard", service="identity") == 1
    add(seen, "gone", child, 1)
    assert gaps(seen, "unheard", service="identity") == 0


def test_a_certificate_of_this_minute_may_be_without_its_document(seen):
    add(seen, "certificate", "c", "child", "r", "1", 1, 1)
    event(seen, CERTIFICATES, "c", at=NOW - 1)
    assert gaps(seen, "documentless") == 0


def test_an_imported_number_may_have_a_form_of_its_own(seen):
    add(seen, "certificate", "c", "child", "import", "1234567890", 1, 1)
    assert gaps(seen, "mistyped") == 0


def test_only_the_first_gaps_are_listed_and_all_are_counted(seen, capsys):
    for n in range(25):
        event(seen, REQUESTS, f"r{n}")
    assert checks.report(checks.run(seen, NOW)) == 1
    assert "… and 5 more" in capsys.readouterr().out


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"7", b'{"request_id": 7}', b"\xff"])
def test_a_record_that_cannot_be_read_is_about_nobody(value):
    assert said(REQUESTS, b"key", value, []).about is None


def test_an_id_in_capitals_is_the_same_id():
    upper = b'{"request_id": "0123ABCD-0123-4123-8123-0123456789AB"}'
    assert said(REQUESTS, b"key", upper, []).about == "0123abcd-0123-4123-8123-0123456789ab"


# --- cures ----------------------------------------------------------------------------------------


def lines(seen) -> dict[str, list[str]]:
    return {
        " ".join([order.service, *order.words]): given
        for order, given in cures.orders(seen, NOW).items()
    }


def test_what_is_whole_gives_no_order(seen):
    assert cures.orders(seen, NOW) == {}


def test_what_was_sent_is_sent_again_before_anything_is_made_anew(seen):
    sent(seen, USERS, "u")
    add(seen, "fact", CERTIFICATES, "c", 1, None, 1)
    assert lines(seen) == {
        "identity chassis.commands outbox resend --id -": ["e"],
        "certificates certificates.heal announce": [f"{CERTIFICATES} c 1"],
    }
    assert next(iter(lines(seen))).startswith("identity chassis.commands outbox resend")


def test_a_request_whose_certificate_is_on_the_topic_only_is_not_decided_once_more(seen):
    event(seen, REQUESTS, "r")
    assert list(lines(seen).values()) == [[f"{REQUESTS}:0:7"]]
    event(seen, CERTIFICATES, str(certificate_of("r")))
    assert lines(seen) == {}
    assert gaps(seen, "unanswered") == 1


def test_a_request_that_was_refused_gets_that_answer(seen):
    event(seen, REQUESTS, "r")
    event(seen, CERTIFICATES, "r", version=0)
    assert lines(seen) == {
        "certificates certificates.heal answer": [f"{REQUESTS}:0:7 {CERTIFICATES}:0:7"]
    }


def test_an_erasure_is_not_heard_again(seen):
    add(seen, "event", USERS, 0, 7, OLD, "tombstone", "e", "u", 2, None, 1)
    assert gaps(seen, "unheard", service="documents") == 1
    assert not any("hear" in order for order in lines(seen))


def test_a_document_of_which_nothing_was_said_is_built_by_hearing_again(seen):
    add(seen, "certificate", "c", "child", "r", "1", 1, 1)
    event(seen, CERTIFICATES, "c")
    hear = "documents chassis.commands record hear - --by documents"
    assert lines(seen)[hear] == [f"{CERTIFICATES}:0:7"]
    add(seen, "way", "sent", "documents.v1", OLD, "kind", "e", "c", 3, None, 1, "documents")
    assert hear not in lines(seen)
    assert lines(seen)["documents documents.heal rebuild"] == [f"c {CERTIFICATES}:0:7 3"]


def test_the_result_is_a_metric_for_each_check(seen, tmp_path):
    event(seen, REQUESTS, "r")
    file = tmp_path / "verify.prom"
    metrics.write(file, list(checks.run(seen, NOW)), WHEN)
    told = file.read_text()
    assert 'verify_gaps{check="unanswered",service="",topic=""} 1.0' in told
    assert told.count("verify_gaps{") == len(checks.CHECKS)
    assert float(told.rpartition(" ")[2]) == WHEN.timestamp()


def test_a_file_that_cannot_be_written_is_one_sentence(seen, tmp_path):
    with pytest.raises(Problem, match=r"cannot be written .*name another file"):
        metrics.write(tmp_path / "nowhere" / "verify.prom", [], WHEN)
