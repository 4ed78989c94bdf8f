"""Files as the operator sends them to a running stack, whose services may be killed meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from contracts.ids import derived

from tests.system.conftest import System
from tests.waiting import eventually

OPERATOR = "operator"
USERS = (
    "ИД СГО;Фамилия;Имя;Роль;Дата рождения;Муниципалитет;ИД места учёбы;Вид места учёбы;"
    "Место учёбы\n"
)
CERTIFICATES = "ИД ребёнка;Номер;Статус;Действует с;Действует по;Дата выдачи;ИД организации\n"
BACK_S_MAX = 60.0
DONE_S_MAX = 120.0


def names(count: int) -> list[str]:
    """SGO's ids of students that nobody has heard of."""
    return [f"import-{uuid4().hex[:8]}-{n}" for n in range(count)]


def users(students: list[str]) -> bytes:
    rows = (
        f"{one};Иванов;Игорь;учащийся;01.05.2016;78-01;school-1;школа;Школа № 1\n"
        for one in students
    )
    return (USERS + "".join(rows)).encode()


def certificates(students: list[str], start: int) -> bytes:
    rows = (
        f"{one};{start + n};активный;01.09.2025;31.08.2033;25.08.2025;centre\n"
        for n, one in enumerate(students)
    )
    return (CERTIFICATES + "".join(rows)).encode("cp1251")


@dataclass(frozen=True)
class Sent:
    """One file on its way to a service, under one Idempotency-Key."""

    system: System
    service: str
    kind: str
    content: bytes
    who: dict[str, str]
    key: str

    async def send(self, **query: Any) -> str:
        """Where its progress is told."""
        answer = await self._post(self.content, **query)
        assert answer.status_code == 202, answer.text
        return answer.headers["location"]

    async def break_off(self) -> None:
        """Half of the file, and then nothing, until it is cancelled."""

        async def half() -> AsyncIterator[bytes]:
            yield self.content[: len(self.content) // 2]
            await asyncio.Event().wait()

        await self._post(half())

    async def location(self) -> str:
        """Where its progress is told before it has an answer: whoever has the key can tell."""
        me = (await self.system.get("identity", "/me", self.who)).json()["user_id"]
        return f"/imports/{derived(f'{me}:{self.key}', f'import-{self.kind}')}"

    async def _post(self, content: Any, **query: Any) -> httpx.Response:
        headers = self.who | {"Content-Type": "text/csv", "Idempotency-Key": self.key}
        async with httpx.AsyncClient(timeout=BACK_S_MAX, trust_env=False) as http:
            url = f"{self.system.url(self.service)}/imports/{self.kind}"
            return await http.post(url, content=content, headers=headers, params=query)

    async def card(self, location: str) -> dict[str, Any] | None:
        """None while the service is away."""
        try:
            answer = await self.system.get(self.service, location, self.who)
        except httpx.HTTPError:
            return None
        return answer.json() if answer.status_code == 200 else None

    async def done(self, location: str) -> dict[str, Any]:
        async def finished() -> dict[str, Any] | None:
            found = await self.card(location)
            return found if found and found["state"] in {"done", "failed"} else None

        return await eventually(finished, within_s=DONE_S_MAX)


def counts(card: dict[str, Any]) -> tuple[int, ...]:
    return tuple(card[name] for name in ("created", "changed", "unchanged", "failed"))
