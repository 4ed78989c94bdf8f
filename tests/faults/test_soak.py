"""What a soak measures, what it keeps of that, what it says, and what it counts."""

import sqlite3
from xml.etree import ElementTree as ET

import pytest

from bench import curves
from faults.checker import Violation
from faults.soak import report, samples, verdict
from faults.soak.flat import judge_all
from tools.stack.settings import SERVICES
from tools.verify.evidence import SQL


def table(mb, *, indexes=0.0, live=0.0, dead=0.0, parts=1):
    return {"parts": parts, "table_mb": mb, "indexes_mb": indexes, "live": live, "dead": dead}


def an_hour(**changes):
    """Samples in which nothing grows but what is told."""
    steady = {f"memory: {name}": 120.0 for name in SERVICES} | {"lag": 3.0, "connections": 40.0}
    grown = {name.replace("_", ": "): by for name, by in changes.items()}
    return [
        (float(at), {**steady, **{name: steady[name] + by * at for name, by in grown.items()}})
        for at in range(0, 3600, 30)
    ]


def a_page(*violations, minutes=60):
    ended = report.Ended(5_400_000, 36_000, 58, 1.5, violations)
    return report.Page("a machine", minutes, 1500, 1, ended)


def test_tables_that_are_tidied_are_summed_and_a_stored_one_is_told_by_the_row():
    rows = {
        "inbox": table(10, indexes=4, live=1000, dead=7),
        "outbox_sent": table(20, parts=5, dead=1),
        "certificates": table(200, indexes=100, live=1_000_000),
    }
    found = samples.of_tables("certificates", rows)
    assert found["tables that are tidied: certificates"] == 30
    assert found["their indexes: certificates"] == 4
    assert found["rows of the inbox: certificates"] == 1000
    assert found["days of outbox_sent: certificates"] == 5
    assert found["dead rows: certificates"] == 8
    assert found["bytes a stored row: certificates"] == 200
    assert found["index bytes a stored row: certificates"] == 100
    assert found["MB: certificates.inbox"] == 10


def test_a_broken_off_run_keeps_what_was_measured(tmp_path):
    file = tmp_path / "samples.jsonl"
    samples.keep(file, 5.04, {"lag": 1.0})
    with file.open("a") as half:
        half.write('{"at": 10, "la')
    assert samples.kept(file) == [(5.0, {"lag": 1.0})]


def test_memory_that_is_flat_and_small_reaches_its_target():
    text = report.table(a_page(), judge_all(an_hour()))
    for name in SERVICES:
        assert (f"| memory of {name}, over 60 minutes | ≤ 200 MiB, flat |"
                " at most 120 MiB, flat | yes |") in text  # fmt: skip
    assert "| what is tidied, waits or is open | flat | 5 flat | yes |" in text
    assert "| violations of I1 to I10 | 0 | 0 | yes |" in text


def test_memory_that_grows_misses_it_and_is_named():
    text = report.table(a_page(), judge_all(an_hour(memory_documents=0.1)))
    assert "at most 477 MiB, growing | **no** |" in text
    assert "growing: memory: documents | **no** |" in text


def test_a_violation_is_told():
    text = report.table(
        a_page(Violation("I1", "lost"), Violation("I1", "too")), judge_all(an_hour())
    )
    assert "| violations of I1 to I10 | 0 | 2: I1 | **no** |" in text


def test_each_kind_that_was_measured_has_its_panel():
    drawn = report.panels(an_hour())
    assert [panel.title for panel in drawn] == ["memory, MiB", "lag, records", "connections"]
    assert set(drawn[0].curves) == set(SERVICES)


def test_curves_are_drawn_as_a_picture_and_no_peak_is_lost():
    curve = [(at / 10, 1000.0 if at == 777 else 1.0) for at in range(2000)]
    assert max(curves.thinned(curve), key=lambda point: point[1]) == (77.7, 1000.0)
    assert len(curves.thinned(curve)) <= curves.POINTS_MAX
    drawn = curves.panels([curves.Panel("a < b", {"one": curve}), curves.Panel("c", {})])
    ET.fromstring(drawn)  # noqa: S314  our own: it is well formed
    assert ">a &lt; b<" in drawn
    assert drawn.count("<polyline") == 1


@pytest.mark.parametrize(("made", "invariants"), [(10, []), (9, ["I1"]), (11, ["I2"])])
def test_each_who_asked_has_one_certificate(made, invariants):
    assert [one.invariant for one in verdict.counted(10, made)] == invariants


def test_of_the_evidence_stays_what_is_about_those_who_are_looked_at_one_by_one():
    evidence = sqlite3.connect(":memory:")
    evidence.executescript(SQL["tables"])
    for who in ("1", "2"):
        evidence.execute("INSERT INTO request VALUES (?, 'issued', ?)", (f"r{who}", f"c{who}"))
        evidence.execute("INSERT INTO certificate (certificate_id, request_id) VALUES (?, ?)",
                         (f"c{who}", f"r{who}"))  # fmt: skip
        evidence.execute("INSERT INTO document (certificate_id) VALUES (?)", (f"c{who}",))
        for about in (f"r{who}", f"c{who}"):
            evidence.execute("INSERT INTO event (about) VALUES (?)", (about,))
    evidence.execute("INSERT INTO event (about) VALUES (NULL)")
    verdict.forget_others(evidence, ["r1", "r9"])

    def left(column, table_):
        return {row[0] for row in evidence.execute(f"SELECT {column} FROM {table_}")}

    assert left("request_id", "request") == {"r1"}
    assert left("certificate_id", "certificate") == {"c1"}
    assert left("certificate_id", "document") == {"c1"}
    assert left("about", "event") == {"r1", "c1"}
    evidence.close()
