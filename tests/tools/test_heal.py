"""`make verify heal=1`: what was damaged by hand is found, mended by its service, and nothing else.

The damage is done to a world that was whole, all at once and each to another aggregate.
"""

from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from chassis import clock
from chassis.topics import ensure
from contracts import topics
from contracts.ids import user_id
from contracts.topics import TOPICS

from tests.builders import a_record
from tests.system.outside import a_request
from tests.tools.damage import agreed, break_the_chain
from tests.tools.test_verify import LATER, looked_at
from tests.tools.world import GONE, LATE, LITTLE, PARENT, World, a_world
from tests.waiting import eventually
from tools.stack.settings import load
from tools.verify import heal as healing
from tools.verify.__main__ import Places, heal

pytestmark = pytest.mark.apache
OWN = {  # what each service owns or has heard, and by what a row is known
    "identity": {
        "users": "user_id", "child_links": "parent_id || ':' || child_id",
        "erasure_confirmations": "user_id || service", "erasures": "user_id",
    },
    "certificates": {
        "people": "user_id", "child_links": "parent_id || ':' || child_id",
        "certificate_requests": "request_id", "certificates": "certificate_id",
        "changes": "certificate_id || ':' || version",
    },
    "documents": {
        "people": "user_id", "child_links": "parent_id || ':' || child_id",
        "credentials": "certificate_id",
    },
}  # fmt: skip
REQUESTS = topics.CERTIFICATE_REQUESTS
Rows = dict[tuple[str, str, str], str]


def environment(world: World, service: str) -> dict[str, str]:
    """What a command of the service is given on a machine where it runs."""
    known: Mapping[str, Any] = world.settings[service].model_dump()
    plain = {
        name.upper(): str(value) for name, value in known.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    }  # fmt: skip
    secrets = {
        name.upper(): known[name].get_secret_value()
        for name in ("database_password", "encryption_key")
    }
    return {**load().environment, **plain, **secrets}


async def healed(world: World) -> int:
    """How many orders were given."""

    async def run(order, lines):
        return await healing.run(environment(world, order.service), order, lines)

    where = Places(world.databases, world.kafka, world.prefix)
    return await heal(where, run, lambda: clock.now() + LATER)


async def rows(world: World) -> Rows:
    """All that is stored, by service, table and key."""
    found: Rows = {}
    for service, tables in OWN.items():
        connection = await asyncpg.connect(world.databases[service])
        for table, key in tables.items():
            for row in await connection.fetch(f"SELECT ({key})::text AS key, t.* FROM {table} t"):
                found[service, table, row["key"]] = str(dict(row))
        await connection.close()
    return found


async def ends(world: World) -> dict[TopicPartition, int]:
    parts = [
        TopicPartition(world.prefix + topic.name, n)
        for topic in TOPICS for n in range(topic.partitions)
    ]  # fmt: skip
    async with AIOKafkaConsumer(bootstrap_servers=world.kafka) as consumer:
        return await consumer.end_offsets(parts)


async def lose(world: World) -> None:
    """The damage. What is meant to be told is in the comments."""
    made = world.certificates
    await world.execute(
        "certificates",
        # Outbox rows that were deleted before they were sent: an activation, a request.
        f"UPDATE certificates SET status = 'active', version = 2"
        f" WHERE certificate_id = '{made['child-2']}'",
        "INSERT INTO changes (certificate_id, version, kind, actor_id, organization, consent,"
        f" checked_documents, changed_at) SELECT '{made['child-2']}', 2, 'activated',"
        f" '{user_id(PARENT)}', 'school-1', true, '{{passport}}', now()",
        "INSERT INTO certificate_requests (request_id, child_id, requester_id, requester_role,"
        f" requested_at, status) VALUES ('{user_id('asked')}', '{user_id(LATE[0])}',"
        f" '{user_id(LATE[0])}', 'student', now(), 'pending')",
        # Answers that were lost: an issued one, a refused one.
        f"DELETE FROM certificate_requests WHERE child_id IN"
        f" ('{user_id('child-0')}', '{user_id(LITTLE)}')",
        # What had been heard.
        f"DELETE FROM people WHERE user_id = '{user_id('child-1')}'",
        f"DELETE FROM child_links WHERE child_id = '{user_id('child-1')}'",
        # Consents that stood on after the tombstone: by a giver, and for a child.
        agreed("child-6", GONE)[0], agreed(GONE)[0],
    )  # fmt: skip
    await world.execute(
        "documents",
        f"DELETE FROM credentials WHERE certificate_id = '{made['child-11']}'",
        f"UPDATE credentials SET version = 2 WHERE certificate_id = '{made['child-3']}'",
        f"DELETE FROM people WHERE user_id = '{user_id('child-1')}'",
    )
    await world.execute(
        "identity",
        "UPDATE users SET version = 2 WHERE sgo_user_id = 'child-4'",
        f"UPDATE child_links SET version = 2, linked = false"
        f" WHERE child_id = '{user_id('child-5')}'",
        f"DELETE FROM erasure_confirmations WHERE user_id = '{user_id(GONE)}'"
        " AND service = 'documents'",
    )
    await break_the_chain("identity")(world)
    await lose_a_request(world)
    await lose_a_topic(world, topics.DOCUMENTS)


async def lose_a_request(world: World) -> None:
    """On the topic, acknowledged, and not applied: what a consumer of others' would lose."""
    record, topic = a_record(a_request(LATE[1])), world.prefix + REQUESTS.name
    async with AIOKafkaProducer(bootstrap_servers=world.kafka, acks="all") as producer:
        sent = await producer.send_and_wait(
            topic, record.value, record.key, 0, headers=list(record.headers)
        )
    part = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(
        bootstrap_servers=world.kafka, enable_auto_commit=False,
        group_id=f"{world.prefix}certificates.{REQUESTS.name}",
    ) as consumer:  # fmt: skip
        consumer.assign([part])
        await consumer.commit({part: sent.offset + 1})


async def lose_a_topic(world: World, topic: topics.Topic) -> None:
    """Its tail from the first record on; it is made anew, empty."""
    name = world.prefix + topic.name
    admin = AIOKafkaAdminClient(bootstrap_servers=world.kafka)
    await admin.start()
    try:
        await admin.delete_topics([name])

        async def is_gone() -> bool:
            return name not in await admin.list_topics()

        await eventually(is_gone)
        await ensure(world.settings["documents"], {topic})

        async def is_there() -> bool:
            (found,) = await admin.describe_topics([name])
            parts = found["partitions"]
            return len(parts) == topic.partitions and all(one["leader"] >= 0 for one in parts)

        await eventually(is_there)
    finally:
        await admin.close()


@pytest.fixture(scope="module")
async def story(postgres_server, kafka, migrated_url):
    """What was stored, found and told before the damage, after it, and after each healing."""
    async with a_world(postgres_server, kafka, migrated_url) as world:
        told: dict[str, Any] = {"world": world, "whole": await rows(world)}
        await lose(world)
        told["damaged"] = await rows(world)
        told["found"] = await looked_at(world)
        async with world.alive() as services:
            told["orders"] = await healed(world)

            async def is_quiet() -> bool:
                return all([
                    await one.count("outbox") == await one.count("parked") == 0 for one in services
                ]) and not await services[2].has(
                    "SELECT FROM credentials WHERE state = 'failed'"
                )  # fmt: skip

            await eventually(is_quiet)
            told["healed"], told["ends"] = await rows(world), await ends(world)
            told["left"] = await looked_at(world)
            told["orders again"] = await healed(world)
            told["healed again"], told["ends again"] = await rows(world), await ends(world)
        yield told


def gaps(findings) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in findings:
        if one.check and one.count:
            name = " ".join([one.check.lists, *one.check.names.values()])
            found[name] = found.get(name, 0) + one.count
    return found


def test_each_damage_is_found_under_its_own_name(story):
    assert gaps(story["found"]) == {
        "unanswered": 3,
        "unsaid certificates.requests.v1": 1,
        "unsaid certificates.v1": 1,
        "unsaid documents.v1": 1,
        "unsaid identity.users.v1": 1,
        "unsaid identity.child-links.v1": 1,
        "vanished": 14,
        "unconfirmed": 1,
        "unheard identity erasures.v1": 1,
        "unheard certificates identity.users.v1": 1,
        "unheard certificates identity.child-links.v1": 1,
        "unheard documents identity.users.v1": 1,
        "documentless": 1,
        "outlived": 2,
        "broken": 1,
    }


def test_after_healing_only_the_journal_is_left(story):
    assert gaps(story["left"]) == {"broken": 1}


def test_what_was_deleted_is_there_again_as_it_was_and_nothing_else_changed(story):
    whole, damaged, after = story["whole"], story["damaged"], story["healed"]
    certificates = story["world"].certificates
    built = ("documents", "credentials", certificates["child-11"])
    expected = {
        # The damage that went forward stays, and what follows from what was said of it.
        *(key for key in damaged if damaged[key] != whole.get(key)),
        ("certificates", "people", f"{user_id('child-4')}"),
        ("documents", "people", f"{user_id('child-4')}"),
        *((service, "child_links", f"{user_id(PARENT)}:{user_id('child-5')}")
          for service in ("certificates", "documents")),
        # A document that was lost is built with a new password.
        built,
        # The two that asked have their certificates and documents.
        *(key for key in after if key not in whole and key not in damaged),
    }  # fmt: skip
    assert {key for key in {*whole, *after} if whole.get(key) != after.get(key)} == expected
    assert [key for key in whole if key not in after] == []


def test_who_asked_and_was_lost_has_a_certificate_and_its_document(story):
    new = {key[:2] for key in story["healed"] if key not in story["whole"]}
    assert new == {
        ("certificates", "certificates"), ("certificates", "certificate_requests"),
        ("certificates", "changes"), ("documents", "credentials"),
    }  # fmt: skip
    made = [key for key in story["healed"] if key[:2] == ("documents", "credentials")]
    before = [key for key in story["whole"] if key[:2] == ("documents", "credentials")]
    assert len(made) == len(before) + len(LATE)


async def test_a_consent_that_outlived_its_giver_is_to_be_decided_and_one_for_a_child_is_over(
    story,
):
    connection = await asyncpg.connect(story["world"].databases["certificates"])
    states = dict(await connection.fetch("SELECT child_id, state FROM consents"))
    told = await connection.fetch("SELECT subject FROM journal WHERE action = 'consent_ended'")
    await connection.close()
    assert states == {user_id("child-6"): "withdrawn", user_id(GONE): "erased"}
    assert [row["subject"] for row in told] == [user_id("child-6")]


async def test_what_is_lost_and_can_be_made_anew_is_called_so_and_nothing_unhealable(
    postgres_server, kafka, migrated_url
):
    """A document and a refusal whose events are still on their topics: each is one gap."""
    async with a_world(postgres_server, kafka, migrated_url) as world:
        lost = world.certificates["child-11"]
        await world.execute("documents", f"DELETE FROM credentials WHERE certificate_id = '{lost}'")
        little = f"DELETE FROM certificate_requests WHERE child_id = '{user_id(LITTLE)}'"
        await world.execute("certificates", little)
        assert gaps(await looked_at(world)) == {"documentless": 1, "unanswered": 1}
        async with world.alive() as services:
            await healed(world)
            ready = "SELECT FROM credentials WHERE certificate_id = $1 AND state = 'ready'"
            await eventually(lambda: services[2].has(ready, lost))
            await eventually(lambda: is_sent(services[2]))
        assert gaps(await looked_at(world)) == {}


async def is_sent(service) -> bool:
    return await service.count("outbox") == 0


def test_healing_twice_does_nothing_more(story):
    assert story["orders"] > 0
    assert story["orders again"] == 0
    assert story["healed again"] == story["healed"]
    assert story["ends again"] == story["ends"]
