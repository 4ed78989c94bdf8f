"""The whole stack as a user starts it; tests reach it by HTTP and Kafka only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from chassis import clock
from contracts.events import Event
from contracts.ids import user_id

from tests.collector import Collector, collecting
from tests.system.outside import Sgo
from tests.waiting import eventually
from tools.stack import demo_data
from tools.stack.apart import Stack, a_stack
from tools.verify.__main__ import verify

PARENT = "two children"


@dataclass
class System:
    """A running stack: where it is, who may sign in, and what it has answered so far."""

    stack: Stack
    answers: list[httpx.Response] = field(default_factory=list)
    new_children: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.stack.folder

    @property
    def demo(self) -> Mapping[str, Any]:
        return self.stack.demo

    def url(self, service: str) -> str:
        return self.demo["urls"][service]

    def pid(self, name: str) -> int:
        return self.stack.pids()[name]

    def http(self) -> httpx.AsyncClient:
        """A client whose answers are kept, for the search for secrets."""

        async def keep(answer: httpx.Response) -> None:
            await answer.aread()
            self.answers.append(answer)

        return httpx.AsyncClient(timeout=30, trust_env=False, event_hooks={"response": [keep]})

    async def get(self, service: str, path: str, who: dict[str, str]) -> httpx.Response:
        async with self.http() as http:
            return await http.get(f"{self.url(service)}{path}", headers=who)

    async def post(self, service: str, path: str, who: dict[str, str], **more) -> httpx.Response:
        async with self.http() as http:
            return await http.post(f"{self.url(service)}{path}", headers=who, **more)

    def user(self, note: str) -> dict[str, str]:
        (found,) = [user for user in self.demo["users"] if user["note"] == note]
        return found

    async def sign_in(self, note: str) -> dict[str, str]:
        """The headers of whom `note` describes."""
        user = self.user(note)
        form = {"grant_type": "password", "username": user["login"], "password": user["password"]}
        answer = await self.post("identity", "/token", {}, data=form)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def tell(self, *events: Event) -> None:
        """As SGO does."""
        async with Sgo(self.demo["kafka"]) as sgo:
            await sgo.tell(*events)

    async def new_child(self, name: str = "Иванов Новый Иванович") -> str:
        """One more child of the parent «two children», whom certificates knows already."""
        sgo_id, parent = f"new-{uuid4().hex[:8]}", await self.sign_in(PARENT)
        await self.tell(*demo_data.new_child(sgo_id, name, 9, datetime.now(UTC).date()))
        child = str(user_id(sgo_id))
        self.new_children.append(child)

        async def known() -> bool:
            page = await self.get("certificates", f"/children/{child}/certificate", parent)
            return page.status_code == 200 and page.json()["eligibility"]["allowed"]

        await eventually(known)
        return child

    async def decided(self, request_id: str, who: dict[str, str]) -> dict[str, Any]:
        """What became of a request."""

        async def state() -> dict[str, Any] | None:
            path = f"/certificate-requests/{request_id}"
            found = (await self.get("certificates", path, who)).json()
            return found if found["status"] != "pending" else None

        return await eventually(state)

    async def certificate(self, child: str, who: dict[str, str]) -> str:
        """Agree and ask for a certificate; its id, once its document is ready."""
        text = (await self.get("certificates", f"/children/{child}/consent", who)).json()
        given = {"text_version": text["text_version"]}
        await self.post("certificates", f"/children/{child}/consents", who, json=given)
        asked = await self.post("certificates", f"/children/{child}/certificate-requests", who)
        assert asked.status_code == 202, asked.text
        done = await self.decided(asked.json()["request_id"], who)
        assert done["status"] == "issued", done
        path = f"/certificates/{done['certificate_id']}/documents"

        async def ready() -> bool:
            answer = await self.get("documents", path, who)
            return answer.status_code == 200 and answer.json()[0]["state"] == "ready"

        await eventually(ready)
        return done["certificate_id"]

    @property
    def forgets(self) -> bool:
        """Whether its broker is the in-memory one, which keeps nothing."""
        return "KAFKA=memory" in self.stack.said

    async def gaps(self) -> set[str]:
        """What `make verify` lists, as if a minute had passed and nothing were on its way."""
        later = clock.now() + timedelta(minutes=2)
        findings = await verify(self.demo["databases"], self.demo["kafka"], "", later)
        return {gap for one in findings for gap in one.gaps}

    def logs(self) -> Sequence[Path]:
        return sorted((self.folder / "logs").glob("*.log"))


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """What hears the traces of the stack."""
    with collecting() as found:
        yield found


@pytest.fixture(scope="session")
def system(collector) -> Iterator[System]:
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    with a_stack("system-", **told) as stack:
        yield System(stack)
