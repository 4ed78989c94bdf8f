"""Demo data, the way real data comes: SGO's events first, then passwords by identity's command.

Idempotent: where everybody can sign in already, nothing is done.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
from chassis import clock

from tools.stack import demo_file, people, sgo
from tools.stack.people import OWN_USERS, SIGN_INS
from tools.stack.problem import Problem

KNOWN_S_MAX = 60.0
COMMAND_S_MAX = 60.0
PASSWORD_BYTES = 9


async def seed(
    *,
    local: Path,
    bootstrap: str,
    identity_url: str,
    identity_environment: Mapping[str, str],
) -> list[dict[str, str]]:
    """The users of demo.json, each of whom can sign in. Raises Problem when identity refuses."""
    users = _users(local)
    if await _all_can_sign_in(identity_url, users):
        return users
    today = clock.now().date()
    await sgo.tell(bootstrap, [*people.users(today), *people.links()])
    added = [
        _admin(identity_environment, "add-user", "--login", login, "--role", role, "--name", name)
        for login, role, name in OWN_USERS
    ]
    for code, said in await asyncio.gather(*added):
        if code:
            raise Problem(f"identity could not add a user of the demo: {said}")
    await _set_passwords(identity_environment, users)
    return users


def _users(local: Path) -> list[dict[str, str]]:
    """Passwords are drawn once and kept."""
    kept = {one["login"]: one["password"] for one in demo_file.read(local).get("users", [])}
    return [
        {
            "login": one.login,
            "password": kept.get(one.login) or secrets.token_urlsafe(PASSWORD_BYTES),
            "role": one.role,
            "note": one.note,
        }
        for one in SIGN_INS
    ]


async def _all_can_sign_in(identity_url: str, users: Sequence[Mapping[str, str]]) -> bool:
    async with httpx.AsyncClient(base_url=identity_url, timeout=20) as client:
        for user in users:
            form = {"username": user["login"], "password": user["password"]}
            answer = await client.post("/token", data={"grant_type": "password"} | form)
            if answer.status_code != httpx.codes.OK:
                return False
    return True


async def _set_passwords(
    environment: Mapping[str, str], users: Sequence[Mapping[str, str]]
) -> None:
    """Wait until identity knows everybody: it refuses a password for a stranger."""
    lines = "".join(f"{user['login']} {user['password']}\n" for user in users)
    deadline = time.monotonic() + KNOWN_S_MAX
    while True:
        code, said = await _admin(environment, "set-passwords", typed=lines)
        if not code:
            return
        if time.monotonic() > deadline:
            raise Problem(
                f"identity did not learn of the demo's users within {KNOWN_S_MAX:.0f} s ({said}):"
                " look into .local/logs/identity.log."
            )
        await asyncio.sleep(0.2)


async def _admin(
    environment: Mapping[str, str], *arguments: str, typed: str = ""
) -> tuple[int, str]:
    """Run one of identity's commands; its exit code and the last line it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "identity.admin", *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment),
    )  # fmt: skip
    try:
        _, errors = await asyncio.wait_for(process.communicate(typed.encode()), COMMAND_S_MAX)
    except BaseException:
        process.kill()
        raise
    words = errors.decode(errors="replace").strip().splitlines()[-1:] or ["no word"]
    assert process.returncode is not None
    return process.returncode, words[0]
