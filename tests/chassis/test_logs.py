"""Logs are bounded: what a library repeats is said once in a while, with how often."""

import json
import logging

from chassis.logs import REPEAT_S

UNREACHABLE = "Unable connect to node with id %s: %s"


def say(at: float, words: str = UNREACHABLE, logger: str = "aiokafka") -> None:
    """A library's line, written at a moment."""
    record = logging.makeLogRecord(
        {"name": logger, "levelno": logging.ERROR, "levelname": "ERROR", "msg": words,
         "args": (1, "refused") if "%" in words else (), "created": at}
    )  # fmt: skip
    logging.getLogger(logger).handle(record)


def lines(our_logs) -> list[tuple[str, int]]:
    """(event, count) of each line."""
    found = [json.loads(line) for line in our_logs().splitlines()]
    return [(line["event"], line.get("count", 1)) for line in found]


def test_what_a_library_repeats_is_said_once_in_a_while_with_how_often(our_logs):
    for n in range(1000):
        say(100 + n / 1000)
    say(100 + REPEAT_S)
    words = UNREACHABLE % (1, "refused")
    assert lines(our_logs) == [(words, 1), (words, 1000)]


def test_each_different_line_and_each_line_of_ours_is_said(our_logs):
    for words in ("one", "two", "one"):
        say(100, words)
        say(100, words, "chassis.relay")
    said = [event for event, _ in lines(our_logs)]
    assert (said.count("one"), said.count("two")) == (3, 2)
