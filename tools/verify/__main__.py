"""`make verify`: exit code 0 without a gap, 1 with gaps by id, 2 where it could not look.

`--heal` mends what can be mended, says what it did, and looks again; `--metrics FILE` writes the
result for Prometheus; `--known FILE` names foreign records that somebody has looked at.
"""

import argparse
import asyncio
import json
import logging
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import asyncpg
from chassis import clock

from tools.stack.exec import environment
from tools.stack.problem import Problem, told
from tools.stack.settings import StackSettings, load
from tools.verify import checks, cures, evidence, known, metrics
from tools.verify import heal as heal_
from tools.verify.checks import Finding
from tools.verify.cures import Order
from tools.verify.topics import reading


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look: the databases by service, the broker, the prefix of its topics."""

    databases: Mapping[str, str]
    bootstrap: str
    prefix: str


async def heal(where: Places, run: heal_.Run, now: Callable[[], datetime] = clock.now) -> int:
    """Mend what can be mended; returns how many orders were given to the services."""

    async def look() -> heal_.Orders:
        async with gathered(where.databases, where.bootstrap, where.prefix) as found:
            return cures.orders(found, int(now().timestamp() * 1000))

    return await heal_.heal(look, run, lambda: heal_.settled(where.databases.values()))


async def verify(
    databases: Mapping[str, str],
    bootstrap: str,
    prefix: str,
    now: datetime,
    looked_at: Mapping[str, str] = MappingProxyType({}),
) -> list[Finding]:
    """Every finding. Raises Problem where a source does not answer."""
    async with gathered(databases, bootstrap, prefix) as found:
        return list(checks.run(found, int(now.timestamp() * 1000), looked_at))


@asynccontextmanager
async def gathered(
    databases: Mapping[str, str], bootstrap: str, prefix: str
) -> AsyncIterator[sqlite3.Connection]:
    """The evidence in a folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        found = evidence.opened(f"{folder}/evidence")
        try:
            async with reading(bootstrap, prefix) as source:
                await evidence.gather_topics(found, source, prefix)
            await evidence.gather_databases(found, databases, prefix)
            yield found
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Problem(
                f"The databases do not answer ({type(error).__name__}): make up"
            ) from None
        except sqlite3.OperationalError as error:
            raise Problem(f"There is no room for comparing in {folder} ({error}).") from None
        finally:
            found.close()


def _known(file: Path) -> tuple[Mapping[str, str], str]:
    try:
        stack = json.loads(file.read_text())
        return stack["databases"], stack["kafka"]
    except FileNotFoundError:
        raise Problem("Nothing to verify: no stack was started here. Start one: make up") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise Problem(f"{file} cannot be read: make up writes it anew.") from None


def main(words: Sequence[str] | None = None) -> int:
    arguments = _arguments(words)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its trouble becomes our sentence
    settings = load()
    databases, bootstrap = _known(settings.local / "demo.json")
    where = Places(databases, bootstrap, settings.environment.get("KAFKA_TOPIC_PREFIX", ""))
    return asyncio.run(_main(arguments, settings, where))


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.verify", description=__doc__)
    parser.add_argument("--heal", action="store_true", help="mend what can be mended")
    parser.add_argument("--metrics", type=Path, help="a file for Prometheus' textfile collector")
    parser.add_argument("--known", type=Path, help="a file of foreign records that are no gaps")
    return parser.parse_args(words)


async def _main(arguments: argparse.Namespace, settings: StackSettings, where: Places) -> int:
    looked_at = known.read(arguments.known)
    if arguments.heal:
        environments = {name: environment(settings, name) for name in where.databases}

        async def run(order: Order, lines: Sequence[str]) -> Sequence[str]:
            return await heal_.run(environments[order.service], order, lines)

        given = await heal(where, run)
        print(
            f"{given} gaps were given to their services; looking again."
            if given
            else "Nothing to heal."
        )
    findings = await verify(where.databases, where.bootstrap, where.prefix, clock.now(), looked_at)
    if arguments.metrics:
        metrics.write(arguments.metrics, findings, clock.now())
    return checks.report(iter(findings))


if __name__ == "__main__":
    sys.exit(told(main))
