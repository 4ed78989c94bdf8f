"""Structured logs, one JSON object a line; only allow-listed fields ever leave the process.

While no broker answers, aiokafka says so a hundred times a second: what is said at one place of it
is said once in a while, with the count of what was left out, so that it buries nothing else.
"""

import logging
import sys
from collections import Counter
from typing import Any

import structlog

ALLOWED = frozenset(
    """event level timestamp service logger error reason place records topic partition request_id
    method route status duration_ms kid wait_s exit_code id count attempt certificate_id
    document_id host port hash""".split()  # noqa: SIM905  a list of words reads as words
)
REPEATED_AFTER_S = 10.0


class OnceInAWhile(logging.Filter):
    """Lets a line of aiokafka pass if its place has been silent for a while."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[tuple[str, int], float] = {}
        self._left_out: Counter[tuple[str, int]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("aiokafka"):
            return True
        place = (record.pathname, record.lineno)
        said_at = self._said_at.get(place)
        if said_at is not None and 0 <= record.created - said_at < REPEATED_AFTER_S:
            self._left_out[place] += 1
            return False
        self._said_at[place] = record.created
        record.left_out = self._left_out.pop(place, 0)
        return True


def start(service: str, level: str) -> None:
    """JSON to standard output, for our own lines and those of the libraries."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )

    def allow_listed(_: Any, __: str, line: Any) -> Any:
        kept = {name: line[name] for name in line if name in ALLOWED}
        return {"service": service, **kept}

    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(OnceInAWhile())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _library_line],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                allow_listed,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for noisy in (
        "aiokafka",
        "faststream",
        "chassis.kafka",
        "uvicorn",
        "yoyo",
        "httpx",
        "httpcore",
        "fontTools",
    ):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    logging.getLogger("uvicorn.access").disabled = True


def _library_line(_: Any, __: str, line: Any) -> Any:
    """A library's exception may repeat what it choked on: keep its class, never its text."""
    record = line.get("_record")
    if left_out := getattr(record, "left_out", 0):
        line["count"] = left_out
    if record is not None and record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
        line["event"] = record.name
        record.exc_info = None
        record.exc_text = None
    line.pop("exc_info", None)
    return line
