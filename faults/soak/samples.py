"""What is measured every few seconds of a soak: processes, connections, what waits, what is stored.

A name is `kind: whose`; the kinds that are judged stand in `flat`. Besides them each table and each
table's indexes are noted, for who looks for what has grown.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import asyncpg
import psutil

from faults import gathering
from faults.lab import Lab
from tools.stack.settings import SERVICES

# What is stored for good, by its service; all else is tidied up or empty between two events.
STORED: Final = {"identity": "users", "certificates": "certificates", "documents": "credentials"}
TIDIED: Final = frozenset({
    "inbox", "outbox", "outbox_sent", "parked", "quarantine", "counts", "count_changes", "uploads",
    "upload_rows", "upload_errors", "upload_taken", "journal_unsealed",
})  # fmt: skip
TABLES: Final = """
    SELECT coalesce(p.inhparent, c.oid)::regclass::text AS name, count(*) AS parts,
        sum(pg_table_size(c.oid))::float / 1e6 AS table_mb,
        sum(pg_indexes_size(c.oid))::float / 1e6 AS indexes_mb,
        coalesce(sum(s.n_live_tup), 0)::float AS live, coalesce(sum(s.n_dead_tup), 0)::float AS dead
    FROM pg_class AS c
    LEFT JOIN pg_inherits AS p ON p.inhrelid = c.oid
    LEFT JOIN pg_stat_user_tables AS s ON s.relid = c.oid
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    GROUP BY 1"""
AGE: Final = """
    SELECT coalesce((SELECT extract(epoch FROM now() - created_at) FROM outbox ORDER BY id LIMIT 1),
        0)::float"""
Sample = Mapping[str, float]


async def sample(lab: Lab) -> Sample:
    """Everything, as it is now. A service that was just killed has no memory in it."""
    found = {"lag": float(await gathering.lag(lab.kafka))}
    async with gathering.as_superuser(lab) as connection:
        count = await connection.fetchval("SELECT count(*) FROM pg_stat_activity")
        found["connections"] = float(count)
    for service in SERVICES:
        connection = await asyncpg.connect(lab.databases[service], timeout=30)
        try:
            found[f"age of the oldest outbox row: {service}"] = await connection.fetchval(AGE)
            rows = {row["name"]: dict(row) for row in await connection.fetch(TABLES)}
        finally:
            await connection.close()
        found |= of_tables(service, rows)
    for name in (*SERVICES, "postgres", "kafka-1"):
        found[f"memory: {name}"] = memory_mib(lab.parts[name].pid)
    for service in SERVICES:
        count = psutil.Process(lab.parts[service].pid).num_fds()
        found[f"open files: {service}"] = float(count)
    return found


def of_tables(service: str, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Sums and ratios that are judged, then each table for itself."""
    tidied = [row for name, row in rows.items() if name in TIDIED]
    stored = rows[STORED[service]]
    whose = STORED[service]
    found = {
        f"rows of the inbox: {service}": rows["inbox"]["live"],
        f"days of outbox_sent: {service}": float(rows["outbox_sent"]["parts"]),
        f"tables that are tidied: {service}": sum(row["table_mb"] for row in tidied),
        f"their indexes: {service}": sum(row["indexes_mb"] for row in tidied),
        f"dead rows: {service}": sum(row["dead"] for row in rows.values()),
    }
    if stored["live"]:
        found[f"bytes a stored row: {whose}"] = stored["table_mb"] * 1e6 / stored["live"]
        found[f"index bytes a stored row: {whose}"] = stored["indexes_mb"] * 1e6 / stored["live"]
    for name, row in rows.items():
        found[f"MB: {service}.{name}"] = row["table_mb"]
        found[f"index MB: {service}.{name}"] = row["indexes_mb"]
        found[f"dead: {service}.{name}"] = row["dead"]
    return found


def memory_mib(pid: int) -> float:
    """Of a process and its children; what they share is counted once."""
    process, held = psutil.Process(pid), 0
    for one in (process, *process.children(recursive=True)):
        try:
            held += one.memory_full_info().pss
        except psutil.Error:
            continue
    return held / (1 << 20)


def keep(file: Path, at: float, values: Sample) -> None:
    """One line more: what is broken off keeps what it has."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"at": round(at, 1), **values}) + "\n")


def kept(file: Path) -> list[tuple[float, Sample]]:
    """In the order of time; a line that was not written to its end is left out."""
    found = []
    for line in file.read_text("utf-8").splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue
        found.append((values.pop("at"), values))
    return found
