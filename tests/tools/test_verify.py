"""Each promise of `make verify` is broken once, on a world that was clean before, and is listed."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from chassis import clock
from chassis.topics import ensure
from contracts import topics

from tests.builders import a_record
from tests.chassis.bench import Settings
from tests.system.outside import a_request
from tests.tools.damage import GAPS, Gap, told
from tests.tools.world import CHILDREN, World, a_world
from tools.stack.ports import free_port
from tools.stack.problem import Problem
from tools.verify import checks, evidence
from tools.verify.__main__ import main, verify
from tools.verify.checks import Finding
from tools.verify.topics import reading

pytestmark = pytest.mark.usefixtures("kafka")
LATER = timedelta(minutes=2)
NONE_ELSE = "0 not made here (imported), 0 closed with their certificate, 0 erased with their child"


async def looked_at(world: World, known=MappingProxyType({})) -> list[Finding]:
    where = world.databases, world.kafka, world.prefix
    return await verify(*where, clock.now() + LATER, known)


@pytest.fixture(scope="module")
async def world(postgres_server, kafka, migrated_url):
    async with a_world(postgres_server, kafka, migrated_url) as world:
        yield world


@pytest.fixture(scope="module")
async def clean(world) -> list[Finding]:
    return await looked_at(world)


@pytest.fixture(scope="module")
async def damaged(world, clean) -> list[Finding]:
    """All the damage is done at once: each to another aggregate."""
    for gap in GAPS:
        await gap.damage(world)
    return await looked_at(world)


def test_a_world_in_which_all_went_well_has_no_gap(clean):
    assert [(one.line, one.gaps) for one in clean if one.count] == []


def test_what_was_looked_at_is_counted(clean):
    lines = [one.line for one in clean if one.check is None]
    count = len(CHILDREN)
    assert f"requests: {count + 1} on both lanes, {count} issued, 1 refused, 0 waiting" in lines
    assert f"certificates: {count}, {count} of them living" in lines
    assert f"documents: {count} ready, 0 failed and tried again, {NONE_ELSE}" in lines


def found(findings, gap: Gap) -> Finding:
    (one,) = [
        one for one in findings
        if one.check and (one.check.lists, one.check.names) == (gap.check, gap.names)
    ]  # fmt: skip
    return one


@pytest.mark.parametrize(
    "gap", GAPS, ids=[f"{' '.join([gap.check, *gap.names.values()])}" for gap in GAPS]
)
def test_a_gap_is_listed_by_its_id(world, damaged, gap):
    finding = found(damaged, gap)
    assert any(gap.shows.format(**world.certificates) in line for line in finding.gaps), finding
    assert finding.check.do


def test_a_consent_that_is_kept_is_no_gap(damaged):
    (finding,) = [one for one in damaged if one.check and one.check.lists == "unconsented"]
    assert finding.count == 1


async def test_the_rubbish_of_a_stranger_is_no_gap_once_somebody_has_looked_at_it(world, damaged):
    (gap,) = [gap for gap in GAPS if gap.shows == "certificate.issued (unreadable)"]
    before = found(damaged, gap)
    (line,) = [line for line in before.gaps if "(unreadable)" in line]
    place = line.rpartition(" ")[2]
    after = found(await looked_at(world, known={place: "2026-11-24 Петрова"}), gap)
    assert (after.count, after.known) == (before.count - 1, [f"{line}: 2026-11-24 Петрова"])


def test_every_check_is_broken_by_some_damage(damaged):
    broken = {(gap.check, *sorted(gap.names.items())) for gap in GAPS}
    checks = [one.check for one in damaged if one.check]
    assert [c for c in checks if (c.lists, *sorted(c.names.items())) not in broken] == []


def test_without_a_stack_it_says_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    with pytest.raises(Problem, match="no stack was started here"):
        main([])


async def test_a_broker_that_does_not_answer_is_one_sentence(world):
    nowhere = replace(world, kafka=f"127.0.0.1:{free_port()}")
    with pytest.raises(Problem, match="No Kafka answers"):
        await looked_at(nowhere)


async def test_a_topic_that_is_not_there_is_one_sentence(world, kafka_server):
    if kafka_server.why_not_apache:
        pytest.skip("the in-memory broker makes a topic of which somebody asks")
    with pytest.raises(Problem, match="has no topic nowhere"):
        await looked_at(replace(world, prefix="nowhere."))


async def test_a_database_that_does_not_answer_is_one_sentence(world):
    away = f"postgresql://x:y@127.0.0.1:{free_port()}/x"
    with pytest.raises(Problem, match="databases do not answer"):
        await looked_at(replace(world, databases=dict.fromkeys(world.databases, away)))


@pytest.mark.apache
async def test_a_topic_that_no_longer_begins_at_0_is_named(kafka, settings_for, topic_prefix):
    settings = settings_for(Settings, kafka_bootstrap=kafka, kafka_topic_prefix=topic_prefix)
    await ensure(settings, topics.TOPICS)
    town = World({}, kafka, topic_prefix, {})
    await told(*[a_record(a_request("child"))] * 3)(town)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    place = TopicPartition(topic_prefix + topics.CERTIFICATE_REQUESTS.name, 0)
    await admin.delete_records({place: RecordsToDelete(before_offset=2)})
    await admin.close()
    found = evidence.opened(":memory:")
    async with reading(kafka, topic_prefix) as source:
        await evidence.gather_topics(found, source, topic_prefix)
    lines = [one.line for one in checks.run(found, 0)]
    found.close()
    assert "certificates.requests.v1: 1 records" in lines
    assert any(one.startswith("certificates.requests.v1 no longer begins at 0") for one in lines)
