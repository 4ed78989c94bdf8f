"""OpenTelemetry traces, one from the HTTP request to the document; off unless an endpoint is set.

The W3C `traceparent` travels in the events whether or not this service records spans.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from contracts import Tombstone
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.records import Item

_propagator = TraceContextTextMapPropagator()


def start(service: str, endpoint: str | None) -> TracerProvider | None:
    """Record spans and send them to `endpoint`; nothing at all without one."""
    if endpoint is None:
        return None
    # Slow to import, and most services record nothing.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider


def _recording() -> bool:
    return isinstance(trace.get_tracer_provider(), TracerProvider)


def _parent_of(span: trace.Span) -> str | None:
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, trace.set_span_in_context(span))
    return carrier.get("traceparent")


@contextmanager
def consuming(items: Sequence[Item]) -> Iterator[list[Item]]:
    """A span for each event of the batch, in the trace of its cause; what follows hangs below."""
    if not _recording():
        yield list(items)
        return
    tracer = trace.get_tracer("chassis")
    spans, traced = [], []
    for item in items:
        event = item.received.event
        kind = "tombstone" if isinstance(event, Tombstone) else event.TYPE
        carrier = {"traceparent": item.received.traceparent or ""}
        span = tracer.start_span(
            f"consume {kind}", context=_propagator.extract(carrier), kind=trace.SpanKind.CONSUMER
        )
        spans.append(span)
        received = item.received._replace(traceparent=_parent_of(span))
        traced.append(replace(item, received=received))
    try:
        yield traced
    finally:
        for span in spans:
            span.end()


@contextmanager
def serving(name: str, traceparent: str | None) -> Iterator[str | None]:
    """A span for an HTTP request; yields the traceparent for the events that it causes.

    A failure is marked, never described: an exception may repeat what it choked on.
    """
    if not _recording():
        yield traceparent
        return
    context = _propagator.extract({"traceparent": traceparent or ""})
    tracer = trace.get_tracer("chassis")
    with tracer.start_as_current_span(
        name, context=context, kind=trace.SpanKind.SERVER,
        record_exception=False, set_status_on_exception=False,
    ) as span:  # fmt: skip
        try:
            yield _parent_of(span)
        except Exception:
            span.set_status(trace.StatusCode.ERROR)
            raise
