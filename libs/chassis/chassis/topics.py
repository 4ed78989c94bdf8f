"""Make the topics that a service uses, as the contracts say they are; those that exist stay."""

from collections.abc import Collection

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import BrokerNotAvailableError, TopicAlreadyExistsError, for_code
from contracts.topics import Topic

from chassis.settings import ServiceSettings

log = structlog.get_logger()
DAY_MS = 86_400_000
COMPACTED_WITHIN_DAYS = 1  # a state that was replaced or erased is to be gone soon: it has a name


async def ensure(settings: ServiceSettings, topics: Collection[Topic]) -> None:
    """Idempotent. Raises aiokafka's KafkaError while no broker answers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    try:
        if not await _takes_topics(admin):
            log.warning("topics_left_to_broker", topics=[topic.name for topic in topics])
            return
        answer = await admin.create_topics([_new(settings, topic) for topic in topics])
    finally:
        await admin.close()
    for name, code, *_ in answer.topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:
            log.warning("topic_not_created", topic=name, error=for_code(code).__name__)


async def _takes_topics(admin: AIOKafkaAdminClient) -> bool:
    """Whether there is a controller to ask; librdkafka's in-memory broker has none.

    Raises BrokerNotAvailableError while a real cluster is choosing its controller.
    """
    cluster = await admin.describe_cluster()
    if cluster["controller_id"] < 0:
        raise BrokerNotAvailableError("no controller yet")
    return any(node["node_id"] == cluster["controller_id"] for node in cluster["brokers"])


def _new(settings: ServiceSettings, topic: Topic) -> NewTopic:
    configs = {"min.insync.replicas": str(max(1, settings.kafka_replication_factor - 1))}
    if topic.stamped:
        configs["message.timestamp.type"] = "LogAppendTime"
    if topic.retention_days is None:
        configs["cleanup.policy"] = "compact"
        configs["max.compaction.lag.ms"] = str(COMPACTED_WITHIN_DAYS * DAY_MS)
    else:
        configs["retention.ms"] = str(topic.retention_days * DAY_MS)
    return NewTopic(
        name=settings.kafka_topic_prefix + topic.name,
        num_partitions=topic.partitions,
        replication_factor=settings.kafka_replication_factor,
        topic_configs=configs,
    )
