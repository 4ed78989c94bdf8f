"""A small service for the tests to run as a process: `python -m tests.chassis.a_service FOLDER`.

It has a route that fails with what it was sent, and a consumer that never ends its first batch,
which its impatient watchdog takes for dead.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
from chassis import broker, settings, watchdog
from chassis.database import Tx
from chassis.handlers import Effects, Handler
from chassis.records import Item
from chassis.server import run
from chassis.service import Service
from contracts.events import CertificateRequested
from fastapi import APIRouter

from tests.chassis.bench import TOPIC, Settings

router = APIRouter()


@router.get("/fails")
async def fail(with_: str) -> None:
    raise ValueError(with_)


async def never_ends(tx: Tx, items: Sequence[Item], last_call: bool) -> Effects:
    structlog.get_logger().info("batch_began")
    watchdog.STALLED_S_MAX = 0.5  # not sooner: on a busy machine a group takes its time to begin
    await asyncio.Event().wait()
    return Effects()


def main() -> None:
    watchdog.LOOK_EVERY_S = 0.1
    broker.STOP_S_MAX = 0.1
    run(
        Service(
            name="bench",
            settings=settings.load(Settings),
            migrations=Path(sys.argv[1]),
            router=router,
            says=[],
            handlers=lambda _: [Handler(TOPIC, CertificateRequested, never_ends)],
        )
    )


if __name__ == "__main__":
    main()
