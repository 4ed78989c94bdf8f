"""The demo's parents agree to the processing of personal data, as they would in the cabinet."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx

from tools.stack.demo_data import SignIn
from tools.stack.problem import Problem
from tools.stack.program import POLL_S

KNOWN_S_MAX: Final = 60.0


async def agree(urls: Mapping[str, str], users: Sequence[SignIn]) -> None:
    """Every parent for every child; agreeing again changes nothing. Raises Problem."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for user in users:
            if user.role == "parent":
                await _agree(client, urls, user)


async def _agree(client: httpx.AsyncClient, urls: Mapping[str, str], user: SignIn) -> None:
    form = {"username": user.login, "password": user.password}
    token = (await client.post(f"{urls['identity']}/token", data=form)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    me = (await client.get(f"{urls['identity']}/me", headers=headers)).json()
    for child in me["children"]:
        await agree_for(client, urls["certificates"], headers, child["id"])


async def agree_for(
    client: httpx.AsyncClient, certificates: str, headers: Mapping[str, str], child_id: str
) -> None:
    """Read the text in force and agree to it, once certificates knows the link."""
    deadline = time.monotonic() + KNOWN_S_MAX
    while True:
        shown = await client.get(f"{certificates}/children/{child_id}/consent", headers=headers)
        if shown.is_success:
            break
        if time.monotonic() > deadline:
            raise Problem(f"Certificates did not come to know the demo's family: {shown.text}")
        await asyncio.sleep(POLL_S)
    version: Any = {"text_version": shown.json()["text_version"]}
    where = f"{certificates}/children/{child_id}/consents"
    (await client.post(where, headers=headers, json=version)).raise_for_status()
