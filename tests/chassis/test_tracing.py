"""Traces are sent where the setting says, nothing without it, and nothing that was sent to us."""

import signal

from tests.collector import collecting
from tests.processes import a_child, environment
from tests.waiting import eventually

NOWHERE = "127.0.0.1:1"
CANARY = "kanareyka"


async def run(tmp_path, migrated_url, postgres_server, **told: str) -> None:
    """A service that answers, fails and stops, as `told` about tracing."""
    (tmp_path / "migrations").mkdir()
    known = environment(await migrated_url(None), postgres_server.password, NOWHERE, **told)
    command = ["-m", "tests.chassis.a_service", str(tmp_path / "migrations")]
    async with a_child("bench", known, tmp_path, ready=False, command=command) as child:
        await eventually(lambda: child.wrote("kafka_not_ready"), within_s=60)
        failed = await child.get(f"/fails?with_={CANARY}")
        assert failed.status_code == 500
        assert await child.stopped_by(signal.SIGTERM, within_s=30) == 0


async def test_spans_are_sent_by_the_stop_and_repeat_nothing_that_was_sent_to_us(
    tmp_path, migrated_url, postgres_server
):
    """The exporter would wait for an hour. Neither the address nor an exception's words go out."""
    with collecting() as collector:
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        told |= {"OTEL_BSP_SCHEDULE_DELAY": "3600000"}
        await run(tmp_path, migrated_url, postgres_server, **told)
    assert {(span.service, span.name) for span in collector.spans()} == {("bench", "GET")}
    assert not [body for _, body in collector.received if CANARY.encode() in body]


async def test_without_the_setting_nothing_is_sent(tmp_path, migrated_url, postgres_server):
    """Not even where the libraries' own variables name a collector."""
    with collecting() as collector:
        told = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.endpoint}/v1/traces"}
        told |= {"FASTAPI_OTEL_AUTO_CONFIGURE": "true"}
        await run(tmp_path, migrated_url, postgres_server, **told)
    assert collector.received == []
