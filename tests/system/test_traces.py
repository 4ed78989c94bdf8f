"""One OpenTelemetry trace from the HTTP request to the PDF, as a collector sees it."""

from contracts import topics

from tests.system.conftest import PARENT
from tests.system.outside import all_on, header
from tests.waiting import eventually


async def traceparent_of_the_document(system, child: str) -> tuple[str, str]:
    """(trace, span) that the event of the ready document carries."""
    (ready,) = [
        record
        for record in await all_on(system.demo["kafka"], topics.DOCUMENTS)
        if record.key == child.encode()
    ]
    _, trace, span, _ = header(ready, "traceparent").split("-")
    return trace, span


async def test_one_trace_leads_from_the_http_request_to_the_document(system, collector):
    """Each span hangs below the one that caused it, across three processes and two topics."""
    child = await system.new_child()
    await system.certificate(child, await system.sign_in(PARENT))
    trace, last = await traceparent_of_the_document(system, child)

    def way() -> list[tuple[str, str]]:
        spans = {span.id: span for span in collector.spans(trace)}
        found, at = [], last
        while at in spans:
            found.insert(0, (spans[at].service, spans[at].name))
            at = spans[at].parent
        return found if at == "" else []

    assert await eventually(way) == [
        ("certificates", "POST"),
        ("certificates", "consume certificate.requested"),
        ("documents", "consume certificate.issued"),
    ]


async def test_a_trace_that_the_caller_began_goes_on(system, collector):
    child, parent = await system.new_child(), await system.sign_in(PARENT)
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    await system.certificate(child, parent | {"traceparent": f"00-{trace}-{span}-01"})
    assert (await traceparent_of_the_document(system, child))[0] == trace
    await eventually(
        lambda: (
            ("certificates", "POST", span)
            in [(one.service, one.name, one.parent) for one in collector.spans(trace)]
        )
    )
