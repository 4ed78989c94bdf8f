"""Said again, heard again: what was lost comes back, in order and once; what must not, does not."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from chassis import again, clock, command_line, commands, outbox, parking
from contracts import Tombstone, topics

from tests.builders import a_record, a_user, envelope
from tests.chassis.bench import TOPIC, relaying
from tests.chassis.saying import all_sent, say, sent_ids
from tests.waiting import eventually


async def command(bench, *words: str) -> list[str]:
    return await commands.run(commands.arguments_of(list(words)), bench.settings)


async def everything_sent(bench) -> None:
    async with relaying(bench):
        await eventually(lambda: all_sent(bench))


async def ids_on_topic(bench) -> list[str]:
    return [dict(one.headers)["ce_id"].decode() for one in await bench.published()]


async def test_what_was_sent_since_a_moment_is_sent_again_once(bench):
    await say(bench, range(3))
    await everything_sent(bench)
    await bench.pool.execute("UPDATE outbox_sent SET sent_at = sent_at - interval '1 hour'")
    await say(bench, range(3, 6))
    await everything_sent(bench)
    since = (clock.now() - timedelta(minutes=30)).isoformat()
    said = await sent_ids(bench)
    assert await command(bench, "outbox", "resend", "--since", since) == [
        f"3 events of {TOPIC.name} are sent again."
    ]
    await everything_sent(bench)
    assert sorted(await ids_on_topic(bench)) == sorted([*said, *said[3:]])
    assert await sent_ids(bench) == said


async def test_what_is_sent_again_goes_before_what_was_said_later_of_its_key(bench):
    await say(bench, range(3), children=1)
    await everything_sent(bench)
    await say(bench, range(3, 5), children=1)
    first = (await sent_ids(bench))[0]
    await command(bench, "outbox", "resend", "--id", first)
    await everything_sent(bench)
    said = await sent_ids(bench)
    assert await ids_on_topic(bench) == [*said[:3], first, *said[3:]]


async def test_of_a_full_state_only_the_latest_is_sent_again(deaf_bench):
    """An older one behind it would be the one that stays when the topic is compacted."""
    users = [envelope(a_user(version=n), name=f"user {n}") for n in (1, 2)]
    async with deaf_bench.store.transaction() as tx:
        await outbox.append(tx, users)
        await tx.execute("INSERT INTO outbox_sent SELECT *, now() FROM outbox")
        await tx.execute("DELETE FROM outbox")
        old, latest = (str(one.id) for one in users)
        assert await again.resend(tx, ids=[old]) == {}
        assert await again.resend(tx, topic=topics.IDENTITY_USERS.name) == {
            topics.IDENTITY_USERS.name: 1
        }
        (row,) = await tx.fetch("SELECT headers FROM outbox")
    assert json.loads(row["headers"])["ce_id"] == latest


async def test_without_a_condition_nothing_is_sent_again(deaf_bench):
    with pytest.raises(command_line.Refused, match="Say what"):
        await command(deaf_bench, "outbox", "resend")


async def test_a_moment_needs_its_time_zone(deaf_bench, capsys):
    with pytest.raises(SystemExit):
        commands.arguments_of(["outbox", "resend", "--since", "2026-11-24T09:00"])
    assert "say the time zone" in capsys.readouterr().err


def test_the_moment_of_the_help_is_understood():
    given = commands.arguments_of(["outbox", "resend", "--since", "2026-11-24T09:00Z"])
    assert given.since == datetime(2026, 11, 24, 9, tzinfo=UTC)


# --- hearing again --------------------------------------------------------------------------------


async def acknowledge(bench, offset: int) -> None:
    """As a service that has applied what is before this offset, or has lost it."""
    part = TopicPartition(bench.topic, 0)
    async with AIOKafkaConsumer(
        bootstrap_servers=bench.settings.kafka_bootstrap, enable_auto_commit=False,
        group_id=f"{bench.settings.kafka_topic_prefix}bench.{TOPIC.name}",
    ) as consumer:  # fmt: skip
        consumer.assign([part])
        await consumer.commit({part: offset})


async def hear(bench, place: str) -> str:
    (answer,) = await command(bench, "record", "hear", place, "--by", "bench")
    return answer


async def test_a_record_that_was_acknowledged_and_lost_is_applied(bench):
    await bench.tell(bench.record(1))
    await acknowledge(bench, 1)
    assert (await hear(bench, f"{TOPIC.name}:0:0")).startswith("healed")
    await parking.try_due(bench.consumer(), 100)
    assert (await bench.count("effects"), await bench.count("parked")) == (1, 0)


async def test_a_record_that_waits_to_be_heard_again_is_parked_once(bench):
    await bench.tell(bench.record(1))
    await acknowledge(bench, 1)
    for _ in range(2):
        await hear(bench, f"{TOPIC.name}:0:0")
    assert await bench.count("parked") == 1


async def test_a_record_to_which_the_service_has_not_come_is_left_to_it(bench):
    await bench.tell(bench.record(1), bench.record(2))
    await acknowledge(bench, 1)
    assert "has not come to it yet" in await hear(bench, f"{TOPIC.name}:0:1")
    assert await bench.count("parked") == 0


async def test_an_id_that_was_used_for_other_content_is_not_heard(bench):
    first, other = bench.record(1), replace(bench.record(1), value=bench.record(2).value)
    await bench.consumer().consume([first])
    await bench.tell(other)
    await acknowledge(bench, 1)
    assert "other content" in await hear(bench, f"{TOPIC.name}:0:0")


async def test_an_erasure_is_not_confirmed_twice(bench):
    prefix = bench.settings.kafka_topic_prefix
    await bench.tell(a_record(Tombstone("child"), topic=TOPIC, prefix=prefix))
    await acknowledge(bench, 1)
    assert "not confirmed twice" in await hear(bench, f"{TOPIC.name}:0:0")


async def test_what_is_not_there_is_said(bench):
    await bench.tell(bench.record(1))
    assert "ends before it" in await hear(bench, f"{TOPIC.name}:0:7")
    assert "is no place" in await hear(bench, "somewhere")


async def test_a_record_that_cannot_be_read_is_not_heard(bench):
    await bench.tell(replace(bench.record(1), value=b"{"))
    await acknowledge(bench, 1)
    assert "cannot be read" in await hear(bench, f"{TOPIC.name}:0:0")


async def test_without_a_broker_it_is_one_sentence(deaf_bench):
    with pytest.raises(command_line.Refused, match="Kafka does not answer"):
        await hear(deaf_bench, f"{TOPIC.name}:0:0")
