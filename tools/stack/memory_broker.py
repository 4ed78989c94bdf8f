"""The in-memory broker inside the confluent-kafka wheel: enough for a look, it keeps nothing."""

import signal
import sys

from confluent_kafka import Producer

PARTITIONS = 12


def main() -> None:
    """Serve until told to stop; the first line printed is the address."""
    producer = Producer(
        {
            "bootstrap.servers": "unused",
            "test.mock.num.brokers": 1,
            "test.mock.default.partitions": PARTITIONS,
            "allow.auto.create.topics": True,
            "log_level": 0,
        }
    )
    brokers = producer.list_topics(timeout=10).brokers.values()
    address = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
