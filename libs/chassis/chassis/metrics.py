"""Prometheus metrics of the engine room."""

from prometheus_client import Counter, Gauge, Histogram

APPLIED = Counter("events_applied_total", "Events applied for the first time")
QUARANTINED = Counter("events_quarantined_total", "Records put into quarantine")
SENT = Counter("events_sent_total", "Events acknowledged by the broker")
SEND_FAILURES = Counter("relay_failures_total", "Rounds of the relay that failed")
BATCH_SECONDS = Histogram("batch_seconds", "Time to apply one batch")
HTTP_SECONDS = Histogram("http_request_seconds", "HTTP answers", ["method", "route", "status"])
OUTBOX_ROWS = Gauge("outbox_rows", "Events not yet sent")
OUTBOX_AGE_S = Gauge("outbox_age_seconds", "Age of the oldest event not yet sent")
WAITING = Gauge("records_waiting", "Records kept for a fact or an operator", ["kind"])
LAG = Gauge("consumer_lag_records", "Records not yet consumed", ["topic"])
LANE_UNFINISHED = Gauge("lane_unfinished_records", "Unfinished behind a paced lane", ["topic"])
STORED = Gauge("stored_rows", "Rows of a table, by state", ["table", "state"])
OLDEST_S = Gauge(
    "oldest_row_age_seconds",
    "Age of the oldest row in a state that should pass",
    ["table", "state"],
)
