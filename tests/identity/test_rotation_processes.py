"""Keys are rotated and withdrawn by command while three services run as processes of their own."""

import asyncio
import base64
import json
import sys
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest
from chassis.journal import os_user
from identity.admin import WITHDRAWN_S_MAX

from tests.builders import an_id
from tests.processes import a_child, environment
from tests.waiting import eventually
from tools.stack.settings import ROOT

PASSWORD = "canary-password"
JOURNAL = """SELECT j.*, j::text AS whole, l.link AS sealed_as
FROM journal AS j LEFT JOIN journal_links AS l USING (id) ORDER BY id"""
DOORS = {
    "identity": "/me",
    "certificates": f"/certificate-requests/{an_id('x')}",
    "documents": f"/certificates/{an_id('x')}/documents",
}


class Town:
    """Three services; what is told to identity's commands."""

    def __init__(self, told: dict[str, str], services: dict) -> None:
        self.told, self.services = told, services

    async def command(self, *words: str, typed: str = "") -> str:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "identity.admin", *words),
            cwd=ROOT, env=self.told, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, wrong = await asyncio.wait_for(child.communicate(typed.encode()), 60)
        assert child.returncode == 0, wrong.decode()
        return said.decode()

    async def token(self) -> str:
        form = {"username": "olga", "password": PASSWORD}
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            answer = await http.post(f"{self.services['identity'].url}/token", data=form)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    async def accepting(self, token: str) -> set[str]:
        """The services that know who is asking, whatever they answer."""
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(timeout=30, trust_env=False, headers=headers) as http:
            found = {
                name: (await http.get(f"{service.url}{DOORS[name]}")).status_code
                for name, service in self.services.items()
            }
        assert set(found.values()) <= {200, 404, 401}
        return {name for name, status in found.items() if status != 401}

    async def token_of_another_key(self, than: set[str]) -> str:
        """Identity reads its keys every few seconds."""

        async def other() -> str | None:
            token = await self.token()
            return token if kid(token) not in than else None

        return await eventually(other)

    async def published(self) -> set[str]:
        answer = await self.services["identity"].get("/.well-known/jwks.json")
        return {key["kid"] for key in answer.json()["keys"]}

    async def journal(self) -> list:
        tx = await asyncpg.connect(
            self.told["DATABASE_URL"], password=self.told["DATABASE_PASSWORD"]
        )
        try:
            return await tx.fetch(JOURNAL)
        finally:
            await tx.close()


def kid(token: str) -> str:
    header = token.partition(".")[0]
    return json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]


@pytest.fixture
async def town(tmp_path, postgres_server, migrated_url, kafka, topic_prefix):
    """An operator, made by commands, who can sign in."""
    services, identity_told, identity_url = {}, {}, ""
    async with AsyncExitStack() as running:
        for name in DOORS:
            told = environment(
                await migrated_url(name), postgres_server.password, kafka,
                KAFKA_TOPIC_PREFIX=topic_prefix,
            )  # fmt: skip
            identity_url = identity_url or f"http://127.0.0.1:{told['HTTP_PORT']}"
            identity_told = identity_told or told
            told["IDENTITY_URL"] = identity_url
            services[name] = await running.enter_async_context(a_child(name, told, tmp_path))
        town = Town(identity_told, services)
        await town.command("add-user", "--login", "olga", "--role", "operator", "--name", "Ольга")
        await town.command("set-passwords", typed=f"olga {PASSWORD}\n")
        yield town


async def test_keys_are_rotated_and_withdrawn_by_command_and_no_service_is_restarted(town):
    """Also, in the end: who did it is in the journal, sealed by the service that runs."""
    everywhere = set(DOORS)
    old = await town.token()
    assert await town.accepting(old) == everywhere

    await town.command("rotate-keys")
    new = await town.token_of_another_key({kid(old)})
    assert await town.accepting(new) == everywhere
    assert await town.accepting(old) == everywhere
    assert {kid(old), kid(new)} < await town.published()

    assert str(WITHDRAWN_S_MAX) in await town.command("rotate-keys", "--withdraw")

    async def refused() -> bool:
        return not (await town.accepting(old) | await town.accepting(new))

    await eventually(refused, within_s=WITHDRAWN_S_MAX)
    assert not {kid(old), kid(new)} & await town.published()
    newest = await town.token_of_another_key({kid(old), kid(new)})

    async def known() -> bool:
        return await town.accepting(newest) == everywhere

    await eventually(known)
    assert {service.process.returncode for service in town.services.values()} == {None}

    async def sealed() -> list | None:
        rows = await town.journal()
        return rows if all(row["sealed_as"] for row in rows) else None

    rows = await eventually(sealed)
    done = [row["action"] for row in rows if row["actor"] == "cli"]
    assert done == ["operator.added", "password.set", "keys.rotated", "keys.withdrawn"]
    assert all(row["details"].startswith(f"os user {os_user()}") for row in rows)
    assert not any(PASSWORD in row["whole"] for row in rows)
