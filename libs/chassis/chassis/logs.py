"""Structured logs, one JSON object a line; only allow-listed fields ever leave the process."""

import logging
import sys
from typing import Any

import structlog

ALLOWED = frozenset(
    """event level timestamp service logger error reason place records topic partition request_id
    method route status duration_ms kid wait_s exit_code id count attempt certificate_id
    document_id host port""".split()  # noqa: SIM905  a list of words reads as words
)


REPEAT_S = 5.0
_KNOWN_MAX = 1000


class OnceInAWhile(logging.Filter):
    """A library says the same thing at most every few seconds, and how often it wanted to.

    While Kafka is away aiokafka writes some two hundred lines a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("aiokafka"):
            return True
        what = record.name, str(record.msg)
        said_at, dropped = self._said.get(what, (-REPEAT_S, 0))
        if record.created - said_at < REPEAT_S:
            self._said[what] = said_at, dropped + 1
            return False
        if len(self._said) >= _KNOWN_MAX:
            self._said.clear()
        self._said[what] = record.created, 0
        record.dropped = dropped
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
    if record is not None and record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
        line["event"] = record.name
        record.exc_info = None
        record.exc_text = None
    if dropped := getattr(record, "dropped", 0):
        line["count"] = dropped + 1
    line.pop("exc_info", None)
    return line
