"""`make verify`: exit code 0 without a gap, 1 with gaps by id, 2 where it could not look."""

import asyncio
import json
import logging
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import asyncpg
from chassis import clock

from tools.stack.problem import Problem, told
from tools.stack.settings import load
from tools.verify import checks, evidence
from tools.verify.checks import Finding
from tools.verify.topics import reading


async def verify(
    databases: Mapping[str, str], bootstrap: str, prefix: str, now: datetime
) -> list[Finding]:
    """Every finding. Raises Problem where a source does not answer."""
    async with gathered(databases, bootstrap, prefix) as found:
        return list(checks.run(found, int(now.timestamp() * 1000)))


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
        known = json.loads(file.read_text())
        return known["databases"], known["kafka"]
    except FileNotFoundError:
        raise Problem("Nothing to verify: no stack was started here. Start one: make up") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise Problem(f"{file} cannot be read: make up writes it anew.") from None


def main() -> int:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its trouble becomes our sentence
    settings = load()
    databases, bootstrap = _known(settings.local / "demo.json")
    prefix = settings.environment.get("KAFKA_TOPIC_PREFIX", "")
    return checks.report(iter(asyncio.run(verify(databases, bootstrap, prefix, clock.now()))))


if __name__ == "__main__":
    sys.exit(told(main))
