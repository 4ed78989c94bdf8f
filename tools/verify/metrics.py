"""The result of `make verify` as a file for the textfile collector of Prometheus' node exporter."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from tools.stack.problem import Problem
from tools.verify.checks import Finding


def write(file: Path, findings: Sequence[Finding], at: datetime) -> None:
    """A gauge for each check, 0 where it holds, and when this was. Raises Problem.

    The file changes at once or not at all: nobody reads half of it.
    """
    registry = CollectorRegistry()
    gaps = Gauge(
        "verify_gaps", "Broken promises, by check", ["check", "service", "topic"], registry=registry
    )
    for one in findings:
        if one.check:
            names = {"service": "", "topic": "", **one.check.names}
            gaps.labels(one.check.lists, names["service"], names["topic"]).set(one.count)
    finished = Gauge("verify_finished_seconds", "When it was looked, since 1970", registry=registry)
    finished.set(at.timestamp())
    try:
        write_to_textfile(str(file), registry)
    except OSError as error:
        raise Problem(f"{file} cannot be written ({error.strerror}): name another file.") from None
