"""One signed-in person, by HTTP: what a cabinet's page would ask of the services."""

import time
from collections.abc import Mapping
from typing import Any

import httpx

from tools.stack.problem import Problem

WAIT_S_MAX = 30.0


class Cabinet:
    """Asks all three services with one token. `sign_in` first."""

    def __init__(self, urls: Mapping[str, str], client: httpx.AsyncClient) -> None:
        self._urls = urls
        self._client = client
        self._headers: dict[str, str] = {}

    async def sign_in(self, user: Mapping[str, str]) -> None:
        form = {"grant_type": "password", "username": user["login"], "password": user["password"]}
        answer = await self._client.post(f"{self._urls['identity']}/token", data=form)
        token = _expect(answer, httpx.codes.OK).json()["access_token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, service: str, path: str) -> httpx.Response:
        return await self._client.get(f"{self._urls[service]}{path}", headers=self._headers)

    async def get(self, service: str, path: str) -> Any:
        """The answer's JSON. Raises Problem where it is not 200."""
        return _expect(await self.ask(service, path), httpx.codes.OK).json()

    async def download(self, service: str, path: str) -> bytes:
        return _expect(await self.ask(service, path), httpx.codes.OK).content

    async def post(
        self, service: str, path: str, *, json: Any = None, key: str | None = None
    ) -> Any:
        """Raises Problem where the answer is not 200, 201 or 202."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        url = f"{self._urls[service]}{path}"
        answer = await self._client.post(url, headers=headers, json=json)
        done = (httpx.codes.OK, httpx.codes.CREATED, httpx.codes.ACCEPTED)
        return _expect(answer, *done).json()


def _expect(answer: httpx.Response, *codes: int) -> httpx.Response:
    if answer.status_code not in codes:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise Problem(
            f"{asked} answered {answer.status_code} ({answer.text[:200]}):"
            " look into .local/logs and run the command again."
        )
    return answer


class Deadline:
    """At most so long; `check` raises Problem afterwards, naming what was waited for."""

    def __init__(self, what: str, wait_s: float = WAIT_S_MAX) -> None:
        self._what, self._wait_s = what, wait_s
        self._end = time.monotonic() + wait_s

    def check(self) -> None:
        if time.monotonic() > self._end:
            raise Problem(
                f"{self._what} did not happen within {self._wait_s:.0f} s:"
                " look into .local/logs and run the command again."
            )
