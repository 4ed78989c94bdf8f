"""The examples of our documents, run as they stand there but for their addresses."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.contracts.corpus import HERE, load

ROOT = Path(__file__).parents[2]
README, GUIDE = ROOT / "README.md", ROOT / "docs" / "integrators-guide.md"
DEADLINE_S = 60


def sample(kind: str) -> Path:
    return HERE / "samples" / f"{kind}.v1.full.json"


def example(document: Path, word: str, addresses: Mapping[str, str]) -> str:
    """The one Python example with this word; each address stands in it once."""
    blocks = re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    (code,) = [block for block in blocks if word in block]
    for written, ours in addresses.items():
        assert code.count(f'"{written}"') == 1, written
        code = code.replace(f'"{written}"', f'"{ours}"')
    return str(code)


async def make(kafka: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name=topic, num_partitions=3, replication_factor=1)])
    await admin.close()


@asynccontextmanager
async def saying(kafka: str, topic: str) -> AsyncIterator[Any]:
    """`await say(key, value, headers)` as any producer does."""
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:

        async def say(key: str, value: bytes | None, headers: Mapping[str, str]) -> None:
            raw = [(name, text.encode()) for name, text in headers.items()]
            await producer.send_and_wait(topic, value, key=key.encode(), headers=raw)

        yield say


async def say_odd_ones(say: Any, kind: str) -> None:
    """Records that anybody may write and a subscriber must bear: no headers, no value."""
    one = load(sample(kind))
    value = json.dumps(one["value"]).encode()
    await say(one["key"], value, {})
    for nothing in (None, b""):
        await say(one["key"], nothing, one["headers"] | {"ce_id": "odd"})


async def first_lines(code: str, count: int, folder: Path = ROOT) -> list[str]:
    """What the program prints first; it is ended then."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-c", code, stdout=asyncio.subprocess.PIPE, cwd=folder
    )
    assert process.stdout
    try:
        async with asyncio.timeout(DEADLINE_S):
            return [(await process.stdout.readline()).decode().strip() for _ in range(count)]
    finally:
        process.kill()
        await process.wait()


async def run(code: str) -> str:
    """What a program prints that ends by itself, and well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    async with asyncio.timeout(DEADLINE_S):
        printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode().strip()
