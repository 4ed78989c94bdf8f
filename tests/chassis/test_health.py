"""Readiness tells dead consumers from live ones, while the process itself is alive."""

import pytest
from chassis import watchdog
from chassis.handlers import Handler
from chassis.service import Service
from contracts.events import CertificateRequested
from fastapi import APIRouter

from tests.chassis.bench import TOPIC, note
from tests.conftest import SERVICE, signed_in
from tests.running import serving
from tests.waiting import eventually


@pytest.fixture
async def whole(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(watchdog, "LOOK_EVERY_S", 0.05)
    url = signed_in(bench.settings.database_url, SERVICE)
    service = Service(
        name="bench",
        settings=bench.settings.model_copy(update={"database_url": url}),
        migrations=tmp_path,
        router=APIRouter(),
        says=[],
        handlers=lambda _: [Handler(TOPIC, CertificateRequested, note)],
    )
    async with serving(service) as whole:
        yield whole


async def problems(whole) -> list[str]:
    """Why it is not ready; it says that it is alive all the same."""
    assert (await whole.http.get("/health/live")).status_code == 200
    answer = await whole.http.get("/health/ready")
    assert answer.status_code == (503 if "problems" in answer.json() else 200)
    return answer.json().get("problems", [])


async def test_a_consumer_that_stopped_is_not_ready_though_its_broker_answers(whole):
    assert await problems(whole) == []
    await whole.running.watches[0].subscriber.stop()
    assert await problems(whole) == [f"{TOPIC.name}: no partition is assigned"]


async def test_a_consumer_that_stands_still_is_not_ready_until_it_moves(whole, bench, monkeypatch):
    monkeypatch.setattr(watchdog, "STILL_S_MAX", 0.0)
    (watch,) = whole.running.watches
    async with bench.pool.acquire() as other:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("LOCK TABLE effects")
        for n in range(5):
            await bench.tell(bench.record(n))
        await eventually(lambda: seen(watch).lag > 0)
        assert await problems(whole) == [f"{TOPIC.name}: lag without progress"]
        await transaction.rollback()
    await eventually(lambda: seen(watch).lag == 0)
    assert await problems(whole) == []


def seen(watch):
    watchdog.look(watch, 0.0)
    return watch


async def test_the_watchdog_ends_a_process_whose_consumer_is_dead(whole, monkeypatch):
    monkeypatch.setattr(watchdog, "STALLED_S_MAX", 0.1)
    await whole.running.watches[0].subscriber.stop()
    await eventually(lambda: whole.left == [f"{TOPIC.name}: no partition is assigned"])


async def test_a_database_that_does_not_answer_is_not_ready(whole):
    whole.pool.terminate()
    assert await problems(whole) == ["database: InterfaceError"]
