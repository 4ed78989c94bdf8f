"""Make the topics that a service uses, as the contracts say they are; those that exist stay."""

from collections.abc import Collection

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from contracts.topics import Topic

from chassis.settings import ServiceSettings

log = structlog.get_logger()
DAY_MS = 86_400_000


async def ensure(settings: ServiceSettings, topics: Collection[Topic]) -> None:
    """Idempotent. Raises aiokafka's KafkaError while no broker answers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics([_new(settings, topic) for topic in topics])
    finally:
        await admin.close()
    for name, code, *_ in answer.topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:
            log.warning("topic_not_created", topic=name, error=for_code(code).__name__)


def _new(settings: ServiceSettings, topic: Topic) -> NewTopic:
    configs = {"min.insync.replicas": str(max(1, settings.kafka_replication_factor - 1))}
    if topic.retention_days is None:
        configs["cleanup.policy"] = "compact"
    else:
        configs["retention.ms"] = str(topic.retention_days * DAY_MS)
    return NewTopic(
        name=settings.kafka_topic_prefix + topic.name,
        num_partitions=topic.partitions,
        replication_factor=settings.kafka_replication_factor,
        topic_configs=configs,
    )
