"""The page of results while claims are measured one after the other, or one of them anew."""

from bench import report
from bench.results import at_least, within

EVERY = ["pipeline", "doors"]
EMPTY = f"before\n{report.BEGIN}\n{report.END}\nafter\n"
RATE = at_least("from Kafka", 3600.0, [3500.0, 3700.0], 8000)
WAIT = within("a page", [1.0, 2.0, 3.0], p99=20)


def with_both() -> str:
    text = report.updated(EMPTY, EVERY, "doors", "today", [WAIT], "a page of 3\n```")
    return report.updated(text, EVERY, "pipeline", "today", [RATE], "3,600/s")


def test_a_claim_is_added_and_the_others_stay_in_their_order():
    text = with_both()
    assert [found[1] for found in report._ROW.finditer(text)] == EVERY
    assert [found[1] for found in report._SAID.finditer(text)] == EVERY
    assert "| `pipeline` | from Kafka | ≥ 8,000/s | 3,600/s (3,500 to 3,700) | **no** |" in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_what_is_measured_again_stands_there_once():
    text = report.updated(with_both(), EVERY, "pipeline", "later", [RATE, RATE], "anew")
    assert [found[1] for found in report._ROW.finditer(text)] == ["pipeline", "pipeline", "doors"]
    assert text.count("### pipeline") == 1
    assert "### pipeline\nlater\n```\nanew\n```" in text
    assert "today" in text


def test_rates_are_drawn_and_waits_are_not():
    drawn = report.plot(with_both())
    assert ">from Kafka<" in drawn
    assert ">3,600/s<" in drawn
    assert "a page" not in drawn
