"""Demo data, told the way real data comes: on SGO's topics. Done once, then left alone."""

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from aiokafka import AIOKafkaProducer
from chassis import clock
from contracts import Envelope, encode
from contracts.events import Event
from contracts.ids import derived

from tools.stack import consents, demo_data, secret_files
from tools.stack.demo_data import SignIn
from tools.stack.problem import Problem
from tools.stack.program import POLL_S, say
from tools.stack.settings import ROOT

if TYPE_CHECKING:  # at run time it needs the packages of the local stack
    from tools.stack.stack import Addresses

SOURCE: Final = "demo"
KNOWN_S_MAX: Final = 60.0
DEMO_FILE: Final = "demo.json"


async def seed(local: Path, addresses: "Addresses") -> list[SignIn]:
    """Make sure that everybody of the demo can sign in, and write down how. Raises Problem."""
    users = demo_data.sign_ins(local / DEMO_FILE)
    if not await can_sign_in(addresses.urls["identity"], users[-1]):
        say("Telling the demo data on SGO's topics …")
        now = clock.now()
        await asyncio.gather(
            tell(addresses.kafka, demo_data.events(now.date()), now),
            *(_add(addresses.identity_environment, user) for user in users if user.own),
        )
        await _set_passwords(addresses.identity_environment, users)
        await consents.agree(addresses.urls, users)
    _write(local / DEMO_FILE, addresses, users)
    return users


async def tell(bootstrap: str, events: Sequence[Event], now: datetime) -> None:
    """Publish as SGO does; one event always has one id, so a repeated one changes nothing."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for event in events:
            content = derived(event.model_dump_json(), event.TYPE)
            record = encode(
                Envelope(event=event, id=content, source=SOURCE, time=now,
                         correlation_id=str(content))
            )  # fmt: skip
            await producer.send_and_wait(
                record.topic, record.value, key=record.key.encode(), headers=list(record.headers)
            )
    finally:
        await producer.stop()


async def can_sign_in(identity_url: str, user: SignIn) -> bool:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        form = {"username": user.login, "password": user.password}
        answer = await client.post(f"{identity_url}/token", data=form)
        return answer.status_code == httpx.codes.OK


async def _set_passwords(environment: Mapping[str, str], users: Sequence[SignIn]) -> None:
    """All or none: identity refuses while it does not know everybody yet."""
    lines = "".join(f"{user.login} {user.password}\n" for user in users)
    deadline = time.monotonic() + KNOWN_S_MAX
    while True:
        code, words = await _admin(environment, "set-passwords", typed=lines)
        if code == 0:
            return
        if time.monotonic() > deadline:
            raise Problem(f"Identity did not come to know the demo's users: {words}")
        await asyncio.sleep(POLL_S)


async def _add(environment: Mapping[str, str], user: SignIn) -> None:
    arguments = ("--login", user.login, "--name", user.note)
    if user.scope:
        command, *more = "add-client", "--scope", user.scope
    else:
        command, *more = "add-user", "--role", user.role
    code, words = await _admin(environment, command, *arguments, *more)
    if code:
        raise Problem(f"identity.admin {command} failed: {words}")


async def _admin(
    environment: Mapping[str, str], *arguments: str, typed: str = ""
) -> tuple[int, str]:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "identity.admin", *arguments),
        env=dict(environment),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await child.communicate(typed.encode())
    words = said.decode(errors="replace").strip().splitlines()
    return child.returncode or 0, words[-1] if words else ""


def _write(path: Path, addresses: "Addresses", users: Sequence[SignIn]) -> None:
    known = {
        "urls": dict(addresses.urls),
        "kafka": addresses.kafka,
        "databases": dict(addresses.databases),
        "users": [
            {"login": user.login, "password": user.password, "role": user.role, "note": user.note}
            for user in users
        ],
    }
    secret_files.write_private(path, json.dumps(known, ensure_ascii=False, indent=2) + "\n")
