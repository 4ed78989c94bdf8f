"""The history of a soak, judged as any other run's; of millions of requests not each is looked at.

All of it goes through what `make verify` checks, and is counted. The requests of `faults.load` are
looked at one by one, as in `make faults`. A dump of millions of rows and each record of the topics
are not searched for secrets: the logs are.
"""

import sqlite3
from typing import Final

import asyncpg

from faults import gathering
from faults.checker import Violation, violations
from faults.history import History
from faults.lab import Lab
from faults.load import Load, now_ms
from tools.verify import checks
from tools.verify.__main__ import gathered

OTHERS: Final = """
    DELETE FROM request WHERE request_id NOT IN (SELECT id FROM asked);
    DELETE FROM certificate WHERE request_id NOT IN (SELECT id FROM asked);
    DELETE FROM document WHERE certificate_id NOT IN (SELECT certificate_id FROM certificate);
    DELETE FROM event WHERE about IS NULL OR (
        about NOT IN (SELECT id FROM asked)
        AND about NOT IN (SELECT certificate_id FROM certificate))"""
MADE: Final = """
    SELECT count(*) FROM certificates AS c JOIN people AS p ON p.user_id = c.child_id
    WHERE p.municipality = 'crowd'"""


async def judged(lab: Lab, load: Load, sent: int) -> list[Violation]:
    """Everything that does not hold."""
    left = await gathering.waiting(lab)
    async with gathered(lab.databases, lab.kafka, "") as evidence:
        found = list(checks.run(evidence, now_ms() + gathering.LATER_MS))
        forget_others(evidence, list(load.asks))
        published = gathering.published(evidence)
        stored = gathering.stored(evidence, left)
    history = History(
        list(load.asks.values()), stored, published, None, (), lab.secrets,
        {f"log {log.name}": log.read_bytes() for log in lab.logs()}, await gathering.sizes(lab),
        found,
    )  # fmt: skip
    return [*violations(history), *counted(sent, await _made(lab))]


def forget_others(evidence: sqlite3.Connection, asked: list[str]) -> None:
    """What is left is about these requests and their certificates."""
    evidence.execute("CREATE TEMP TABLE asked (id TEXT PRIMARY KEY)")
    evidence.executemany("INSERT INTO asked VALUES (?)", [(one,) for one in asked])
    evidence.executescript(OTHERS)


def counted(sent: int, made: int) -> list[Violation]:
    """Each child of the crowd has asked once, so each has one certificate."""
    if sent == made:
        return []
    return [Violation("I1" if made < sent else "I2", f"{sent:,} asked, {made:,} certificates")]


async def _made(lab: Lab) -> int:
    connection = await asyncpg.connect(lab.databases["certificates"], timeout=30)
    try:
        return int(await connection.fetchval(MADE, timeout=600))
    finally:
        await connection.close()
