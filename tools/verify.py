"""`make verify`: counts that nothing was lost, across the services' databases; lists every gap.

requested = issued + refused + open, issued = ready + failed + on its way, outbox and parked empty,
versions dense. Addresses come from the stack's demo.json.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from tools.stack.problem import told
from tools.stack.settings import load

GAPS_SHOWN = 20

COUNTS = """
SELECT
    (SELECT count(*) FROM certificate_requests) AS requested,
    (SELECT count(*) FROM certificate_requests WHERE status = 'issued') AS issued,
    (SELECT count(*) FROM certificate_requests WHERE status = 'refused') AS refused,
    (SELECT count(*) FROM certificate_requests WHERE status = 'pending') AS open
"""
REQUEST_GAPS = """
SELECT r.request_id FROM certificate_requests AS r
LEFT JOIN certificates AS c USING (certificate_id)
WHERE (r.status = 'issued') <> (c.certificate_id IS NOT NULL)
UNION ALL
SELECT c.request_id FROM certificates AS c
LEFT JOIN certificate_requests AS r USING (request_id)
WHERE r.status IS DISTINCT FROM 'issued'
"""
VERSION_GAPS = """
SELECT c.certificate_id FROM certificates AS c
WHERE c.version <> 1 + (SELECT count(*) FROM changes AS h WHERE h.certificate_id = c.certificate_id)
"""
UNSENT = "SELECT count(*) FROM outbox"
KEPT = """
SELECT (SELECT count(*) FROM parked) AS parked,
    (SELECT count(*) FROM quarantine WHERE dropped_at IS NULL AND redriven_at IS NULL)
        AS quarantined
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `gaps` are ids of what is missing or wrong."""

    line: str
    gaps: Sequence[object] = ()


async def verify(databases: dict[str, str]) -> list[Finding]:
    """The findings, over the three databases as they are at this moment."""
    opened = {name: await asyncpg.connect(url) for name, url in databases.items()}
    try:
        findings = [await _requests(opened["certificates"])]
        findings.append(await _documents(opened["certificates"], opened["documents"]))
        rows = await opened["certificates"].fetch(VERSION_GAPS)
        findings.append(Finding("versions are dense", [row[0] for row in rows]))
        for name, connection in opened.items():
            findings.append(await _queues(name, connection))
    finally:
        for connection in opened.values():
            await connection.close()
    return findings


async def _requests(certificates: Any) -> Finding:
    row = await certificates.fetchrow(COUNTS)
    gaps = [gap[0] for gap in await certificates.fetch(REQUEST_GAPS)]
    return Finding(
        f"requested {row['requested']} = issued {row['issued']} + refused {row['refused']}"
        f" + open {row['open']}",
        gaps,
    )


async def _documents(certificates: Any, documents: Any) -> Finding:
    issued = {row[0] for row in await certificates.fetch("SELECT certificate_id FROM certificates")}
    rows = await documents.fetch("SELECT certificate_id, state FROM credentials")
    states: dict[UUID, str] = {row["certificate_id"]: row["state"] for row in rows}
    counted = {state: list(states.values()).count(state) for state in ("ready", "failed", "erased")}
    missing = sorted(issued - states.keys(), key=str)
    foreign = sorted(states.keys() - issued, key=str)
    return Finding(
        f"issued {len(issued)} = ready {counted['ready']} + failed {counted['failed']}"
        f" + erased {counted['erased']} + not built yet {len(missing)}",
        [*missing, *foreign],
    )


async def _queues(name: str, connection: Any) -> Finding:
    unsent = await connection.fetchval(UNSENT)
    kept = await connection.fetchrow(KEPT)
    waiting = [f"{unsent} unsent"] if unsent else []
    waiting += [f"{kept['parked']} parked"] if kept["parked"] else []
    return Finding(
        f"{name}: outbox {unsent}, parked {kept['parked']}, in quarantine {kept['quarantined']}",
        waiting,
    )


def report(findings: Sequence[Finding]) -> int:
    """Print them; 0 if there is no gap, else 1."""
    for finding in findings:
        print(f"{'ok ' if not finding.gaps else 'GAP'}  {finding.line}")
        for gap in finding.gaps[:GAPS_SHOWN]:
            print(f"       {gap}")
        if len(finding.gaps) > GAPS_SHOWN:
            print(f"       … and {len(finding.gaps) - GAPS_SHOWN} more")
    return int(any(finding.gaps for finding in findings))


def main() -> int:
    file = load().local / "demo.json"
    if not file.exists():
        sys.stderr.write("Nothing to verify: no stack was started here. Start one: make up\n")
        return 2
    try:
        return report(asyncio.run(verify(json.loads(file.read_text())["databases"])))
    except (OSError, asyncpg.PostgresError) as error:
        sys.stderr.write(f"The databases do not answer ({type(error).__name__}): make up\n")
        return 2


if __name__ == "__main__":
    raise SystemExit(told(main))
