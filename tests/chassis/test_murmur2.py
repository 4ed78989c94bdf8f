"""A key stays on the partition that every other producer of Kafka chooses for it."""

import random

from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as of_aiokafka
from chassis.murmur2 import murmur2, partition_of


def test_the_hash_is_the_one_that_kafka_tests_its_own_by():
    """From org.apache.kafka.common.utils.UtilsTest, there as signed numbers."""
    known = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536}
    known |= {b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971}
    assert {key: murmur2(key) for key in known} == {
        key: signed & 0xFFFFFFFF for key, signed in known.items()
    }


def test_keys_of_any_length_have_the_hash_and_the_partition_that_aiokafka_gives_them():
    chance = random.Random(7)  # noqa: S311  the same keys in each run
    partitions = [3, 5, 8, 11, 12]
    for length in range(120):
        key = chance.randbytes(length)
        assert murmur2(key) == of_aiokafka(key), key
        assert partition_of(key, partitions) == DefaultPartitioner()(key, partitions, []), key
