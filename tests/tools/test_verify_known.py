"""A stranger's record that somebody has looked at is no gap; what is lost stays one."""

import pytest

from tests.tools.test_verify_rules import NOW, OLD, add
from tools.stack.problem import Problem
from tools.verify import checks, evidence, known
from tools.verify.records import is_foreign, said

TOPIC, WHY = "certificates.v1", "2026-11-24 Петрова проба интегратора, больше не пишет"
MARK = "4f1c09d2ab37"
OURS = [("ce_source", b"/certificates"), ("ce_type", b"certificate.expired"), ("ce_id", b"e")]
THEIRS = [("ce_source", b"/navigator"), *OURS[1:]]
GOOD = b'{"certificate_id": "9d5a1f23-42c4-55b4-99b0-ca6a62f05118", "version": 3}'


@pytest.fixture
def seen():
    found = evidence.opened(":memory:")
    yield found
    found.close()


def foreign(seen, offset: int, about: str | None, *, is_theirs: bool) -> str:
    add(seen, "event", TOPIC, 0, offset, OLD, "kind", f"e{offset}", about, 1, None, offset)
    if is_theirs:
        add(seen, "foreign_record", TOPIC, 0, offset, MARK)
    return f"{TOPIC}:0:{offset}#{MARK}"


def looked_at(seen, *places: str) -> tuple[checks.Finding, list[str]]:
    """What is said of the topic's events, and the lines without a check."""
    findings = list(checks.run(seen, NOW, dict.fromkeys(places, WHY)))
    (one,) = [
        one for one in findings
        if one.check and one.check.lists == "untrue" and one.check.names["topic"] == TOPIC
    ]  # fmt: skip
    return one, [one.line for one in findings if one.check is None]


def test_a_foreign_record_that_is_known_is_listed_with_who_has_looked_and_is_no_gap(seen, capsys):
    rubbish, other = (foreign(seen, n, None, is_theirs=True) for n in (1, 2))
    finding, _ = looked_at(seen, rubbish)
    assert (finding.count, len(finding.known)) == (1, 1)
    assert rubbish in finding.known[0]
    assert WHY in finding.known[0]
    assert other in finding.gaps[0]
    finding, _ = looked_at(seen, rubbish, other)
    assert checks.report(iter([finding])) == 0
    assert capsys.readouterr().out.count("known  ") == 2


def test_what_a_service_of_ours_has_said_and_lost_cannot_be_known(seen):
    lost = foreign(seen, 1, "certificate", is_theirs=False)
    finding, lines = looked_at(seen, lost)
    assert (finding.count, finding.known) == (1, [])
    assert f"{lost} is known, and is no foreign record (any more) that says what is not so" in lines


def test_another_foreign_record_at_a_known_place_is_a_gap_and_the_line_is_told_as_stale(seen):
    """As on a topic that was made anew."""
    foreign(seen, 1, None, is_theirs=True)
    before = f"{TOPIC}:0:1#000000000000"
    finding, lines = looked_at(seen, before)
    assert (finding.count, finding.known) == (1, [])
    assert any(line.startswith(f"{before} is known, and is no foreign record") for line in lines)


def test_a_known_place_where_there_is_nothing_wrong_is_told(seen):
    _, lines = looked_at(seen, f"{TOPIC}:0:9#{MARK}")
    assert any(line.startswith(f"{TOPIC}:0:9#{MARK} is known, and") for line in lines)


@pytest.mark.parametrize(
    ("headers", "value", "is_theirs"),
    [(OURS, GOOD, False), (THEIRS, GOOD, True), ([], GOOD, True), (OURS, b"{", True)],
    ids=["ours", "another source", "no headers", "unreadable"],
)
def test_a_record_is_foreign_where_no_service_of_ours_has_said_it(headers, value, is_theirs):
    assert is_foreign(said(TOPIC, b"key", value, headers), headers) is is_theirs


def test_a_file_tells_the_place_the_day_who_and_why(tmp_path):
    file = tmp_path / "known.txt"
    file.write_text(f"# разобрано\n\n{TOPIC}:0:17#{MARK} {WHY}\n")
    assert known.read(file) == {f"{TOPIC}:0:17#{MARK}": WHY}
    assert known.read(None) == {}


@pytest.mark.parametrize(
    "line",
    [
        f"{TOPIC}:0:17#{MARK}",
        f"{TOPIC}:0 {WHY}",
        f"{TOPIC}:0:17 {WHY}",
        f"{TOPIC}:0:17#{MARK} Петрова проба интегратора, больше не пишет",
        f"{TOPIC}:0:17#{MARK} 2026-11-24 Петрова проба",
    ],
    ids=["nothing but the place", "no place", "no mark", "no day", "no reason"],
)
def test_a_line_that_does_not_say_it_is_one_sentence(tmp_path, line):
    file = tmp_path / "known.txt"
    file.write_text(f"# разобрано\n{line}\n")
    with pytest.raises(Problem, match="line 2: it must be topic:partition:offset#mark, a day"):
        known.read(file)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(Problem, match="cannot be read"):
        known.read(tmp_path / "nowhere.txt")
