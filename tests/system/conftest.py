"""The whole stack as a user starts it; tests reach it by HTTP and Kafka only."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.waiting import eventually
from tools.stack.ports import free_port

START_S = 180.0
ROOT = Path(__file__).parents[2]
PORTS = ("IDENTITY", "CERTIFICATES", "DOCUMENTS", "POSTGRES", "KAFKA", "KAFKA_CONTROLLER")


@dataclass
class System:
    """A running stack: where it is, and who may sign in."""

    folder: Path
    demo: dict[str, Any]

    def url(self, service: str) -> str:
        return self.demo["urls"][service]

    def pid(self, name: str) -> int:
        return json.loads((self.folder / "pids.json").read_text())[name]["pid"]

    async def sign_in(self, note: str) -> dict[str, str]:
        """The headers of whom `note` describes."""
        (user,) = [user for user in self.demo["users"] if user["note"] == note]
        form = {"grant_type": "password", "username": user["login"], "password": user["password"]}
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{self.url('identity')}/token", data=form)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture(scope="session")
async def system() -> AsyncIterator[System]:
    with tempfile.TemporaryDirectory(prefix="system-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        ports = {f"{part}_PORT": str(free_port()) for part in PORTS}
        env = os.environ | ports | {"LOCAL_DIR": name}
        with (folder / "up.log").open("wb") as log:
            child = subprocess.Popen(  # noqa: ASYNC220  started once, waited for below
                [sys.executable, "-m", "tools.stack.up"], env=env, cwd=ROOT, stdout=log, stderr=log
            )
        demo = folder / "demo.json"
        try:
            await eventually(
                lambda: child.poll() is not None or b"Ctrl-C" in (folder / "up.log").read_bytes(),
                within_s=START_S,
            )
            assert child.poll() is None, (folder / "up.log").read_text()
            yield System(folder, json.loads(demo.read_text()))
        finally:
            child.send_signal(signal.SIGTERM)
            await asyncio.to_thread(child.wait, 60)
