"""The operator's commands for kept records, on the real tables."""

from dataclasses import replace

import pytest
from certificates import consumers
from certificates.settings import Settings
from chassis import command_line, commands, parking
from chassis.batches import Consumer
from chassis.handlers import by_event
from chassis.outbox import Store
from chassis.records import KeptRecord

from tests.builders import a_link, a_record, a_request, a_user


@pytest.fixture
async def door(settings_for, migrated):
    settings = settings_for(Settings)
    pool = await migrated(settings, "certificates")
    handlers = by_event(consumers.handlers(settings.region()), "")
    return Consumer(Store(pool), handlers, settings.key_bytes), settings


def broken() -> KeptRecord:
    return KeptRecord(
        "certificates.requests.v1", 0, 7, 0, b"k", b"{", (("ce_type", b"certificate.requested"),)
    )


async def run(settings, *words: str) -> str:
    return "\n".join(await commands.run(commands.arguments_of(list(words)), settings))


async def test_quarantined_records_are_listed_with_place_and_reason(door):
    consumer, settings = door
    await consumer.consume([broken()])
    line = await run(settings, "quarantine", "list")
    assert "certificates.requests.v1:0:7" in line
    assert "bad_event" in line


async def test_a_quarantined_record_is_shown_as_it_came(door):
    consumer, settings = door
    await consumer.consume([broken()])
    assert await run(settings, "quarantine", "show", "1") == (
        "key: k\nce_type: certificate.requested\n\n{"
    )


@pytest.mark.parametrize(
    ("value", "words"), [(None, "a tombstone, which erases"), (b"", "an empty value")]
)
async def test_a_record_without_content_is_shown_as_what_it_is(door, value, words):
    consumer, settings = door
    await consumer.consume([replace(broken(), value=value)])
    assert words in await run(settings, "quarantine", "show", "1")


async def test_what_still_cannot_be_read_is_not_redriven(door):
    consumer, settings = door
    await consumer.consume([broken()])
    with pytest.raises(command_line.Refused, match="still cannot be read"):
        await run(settings, "quarantine", "redrive", "1")


async def test_a_dropped_record_keeps_its_reason_and_leaves_the_list(door):
    consumer, settings = door
    await consumer.consume([broken()])
    await run(settings, "quarantine", "drop", "1", "--reason", "sent by mistake")
    assert await run(settings, "quarantine", "list") == "None."
    row = await consumer.store.pool.fetchrow("SELECT * FROM quarantine")
    assert row["dropped_reason"] == "sent by mistake"


async def test_a_record_that_failed_is_applied_once_when_redriven(door):
    consumer, settings = door
    pool = consumer.store.pool
    family = [a_record(a_user()), a_record(a_user("parent", role="parent")), a_record(a_link())]
    await consumer.consume(family)
    await pool.execute("ALTER TABLE certificates ADD CONSTRAINT broken CHECK (version > 1)")
    await consumer.consume([a_record(a_request())])
    assert await pool.fetchval("SELECT count(*) FROM quarantine") == 1
    await pool.execute("ALTER TABLE certificates DROP CONSTRAINT broken")
    await run(settings, "quarantine", "redrive", "1")
    await parking.try_due(consumer, 10)
    assert await pool.fetchval("SELECT count(*) FROM certificates") == 1
    assert await run(settings, "quarantine", "list") == "None."


async def test_a_parked_record_can_be_dropped_with_a_reason(door):
    consumer, settings = door
    await consumer.consume([a_record(a_request())])
    assert "person:" in await run(settings, "parked", "list")
    await run(settings, "parked", "drop", "1", "--reason", "family moved away")
    assert await run(settings, "parked", "list") == "None."
    reason = await consumer.store.pool.fetchval("SELECT dropped_reason FROM quarantine")
    assert reason == "family moved away"


async def test_a_wrong_id_is_told(door):
    _, settings = door
    with pytest.raises(command_line.Refused, match="no record 99"):
        await run(settings, "quarantine", "show", "99")
