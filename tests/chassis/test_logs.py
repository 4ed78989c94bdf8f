"""A broker that is away must not bury what else a service has to say."""

import json
import logging


def hand_over(name: str, *, at_s: float, lineno: int = 1) -> None:
    """What a library logs at a line of its code."""
    said = {"name": name, "levelno": logging.ERROR, "levelname": "ERROR", "msg": "no broker %s",
            "args": (1,), "pathname": "client.py", "lineno": lineno, "created": at_s}  # fmt: skip
    logging.getLogger(name).handle(logging.makeLogRecord(said))


def test_what_aiokafka_repeats_is_written_once_in_a_while_with_its_count(our_logs):
    for tenth in range(250):  # 25 s, ten times a second
        hand_over("aiokafka.client", at_s=1000 + tenth / 10)
    lines = [json.loads(line) for line in our_logs().splitlines()]
    assert [line["event"] for line in lines] == ["no broker 1"] * 3
    assert [line.get("count") for line in lines] == [None, 99, 99]


def test_another_line_of_aiokafka_and_each_of_ours_is_written(our_logs):
    for lineno in (1, 2):
        hand_over("aiokafka.client", at_s=1000, lineno=lineno)
    for _ in range(3):
        hand_over("chassis.relay", at_s=1000)
    assert our_logs().count("\n") == 2 + 3


def test_a_clock_that_was_set_back_silences_nothing(our_logs):
    for at_s in (1000, 10):
        hand_over("aiokafka.client", at_s=at_s)
    assert our_logs().count("\n") == 2
