"""One server on its own, for tests and measurements: PostgreSQL, Apache Kafka or the memory broker.

    python -m tools.stack.serve postgres FOLDER [PORT]
    python -m tools.stack.serve kafka FOLDER [PORT]        KAFKA_FAST_START=0 for measurements
    python -m tools.stack.serve memory FOLDER

prints one line of JSON when it is ready, and stops at the end of its input or at SIGTERM; so it
never outlives who started it.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tools.stack import broker_choice, postgres, secret_files, settings
from tools.stack.ports import free_port
from tools.stack.problem import told
from tools.stack.program import Program, say, start, stop, until_ready


def main() -> int:
    """Serve one server."""
    parser = argparse.ArgumentParser(prog="python -m tools.stack.serve", description=__doc__)
    parser.add_argument("server", choices=["postgres", "kafka", "memory"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int, nargs="?", help="a free one where none is given")
    wanted = parser.parse_args()
    folder: Path = wanted.folder.resolve()
    return asyncio.run(_serve(wanted.server, folder, wanted.port or free_port()))


async def _serve(server: str, folder: Path, port: int) -> int:
    wanted, known = (
        _postgres(folder, port) if server == "postgres" else _kafka(folder, port, server)
    )
    child = await start(wanted)
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told_to_stop.set)
    try:
        await until_ready(wanted, child)
        if server == "memory":
            known = {"bootstrap": (folder / "memory-broker").read_text()}
        say(json.dumps(known))
        loop.add_reader(sys.stdin.fileno(), _watch_input, told_to_stop)
        ended = asyncio.create_task(child.wait())
        asked = asyncio.create_task(told_to_stop.wait())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        return 1 if child.returncode else 0
    finally:
        await stop(wanted, child)


def _watch_input(told_to_stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        told_to_stop.set()


def _postgres(folder: Path, port: int) -> tuple[Program, Mapping[str, str]]:
    secret_files.ensure(folder / "secrets", (secret_files.SERVER,))
    password = secret_files.password_of(folder / "secrets", secret_files.SERVER)
    server = postgres.Postgres(
        folder / "postgres", port, password, folder / "postgres.log", durable=False
    )
    return postgres.program(server), {"dsn": server.dsn}


def _kafka(folder: Path, port: int, kind: str) -> tuple[Program, Mapping[str, str]]:
    if kind == "memory":
        return broker_choice.memory_program(folder), {}
    ports = {"kafka": port, "kafka_controller": free_port()}
    broker = broker_choice.apache(replace(settings.load(), local=folder, ports=ports))
    assert broker.program is not None
    return broker.program, {"bootstrap": broker.bootstrap}


if __name__ == "__main__":
    sys.exit(told(main))
