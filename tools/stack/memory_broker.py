"""The in-memory broker inside the confluent-kafka wheel: enough for a look, it keeps nothing.

    python -m tools.stack.memory_broker FILE

writes its address to FILE. It makes a topic when somebody asks for it, takes one consumer per
group, and holds a fetch back for as long as the consumer lets it (so: fetch_max_wait_ms=10).
"""

import signal
import sys
from pathlib import Path

from confluent_kafka import Producer
from contracts.topics import TOPICS

from tools.stack.secret_files import write_private

FETCH_MAX_WAIT_MS = 10


def main() -> None:
    """Serve until told to stop."""
    producer = Producer(
        {
            "bootstrap.servers": "unused",
            "test.mock.num.brokers": 1,
            "allow.auto.create.topics": True,
            "log_level": 0,
        }
    )
    brokers = producer.list_topics(timeout=10).brokers.values()
    for topic in TOPICS:
        producer.list_topics(topic.name, timeout=10)  # asking makes it
    address = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    write_private(Path(sys.argv[1]), address)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
