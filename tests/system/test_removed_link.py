"""A link that is removed closes the child to this parent in every service of a running stack."""

import asyncio
from contextlib import suppress

import httpx

from tests.system.conftest import PARENT
from tests.waiting import eventually

WITHIN_S = 5.0  # a bound on a busy machine; how long it really takes is for bench


async def followed(system, child: str, who: dict[str, str], heard: set[str]) -> None:
    """An open page: what the stream says, until it ends by itself."""
    url = f"{system.url('certificates')}/children/{child}/certificate/events"
    async with (
        httpx.AsyncClient(timeout=30, trust_env=False) as http,
        http.stream("GET", url, headers=who) as answer,
    ):
        async for line in answer.aiter_lines():
            heard.add(line)


async def test_a_removed_link_closes_every_door_and_the_open_page_in_every_service(system):
    parent, operator = await system.sign_in(PARENT), await system.sign_in("operator")
    me = (await system.get("identity", "/me", parent)).json()
    child = await system.new_child("Иванов Отдельный Иванович")
    certificate = await system.certificate(child, parent)
    page = await system.get("certificates", f"/children/{child}/certificate", parent)
    card, asked = page.json()["certificate"], page.json()["request"]["id"]
    doors = [
        ("certificates", f"/children/{child}/certificate"),
        ("certificates", f"/certificate-requests/{asked}"),
        ("certificates", f"/children/{child}/consent"),
        ("certificates", f"/certificates/{card['number']}/history"),
        ("documents", f"/certificates/{certificate}/documents"),
        ("documents", f"/certificates/{certificate}/credentials.pdf"),
        ("documents", f"/certificates/{certificate}/certificate.png"),
        ("documents", f"/certificates/{certificate}/certificate.pdf"),
        ("documents", f"/children/{child}/application.pdf"),
    ]
    for service, path in doors:
        assert (await system.get(service, path, parent)).status_code == 200, path
    heard: set[str] = set()
    open_page = asyncio.create_task(followed(system, child, parent, heard))
    try:
        await eventually(lambda: "event: changed" in heard)
        link = f"{system.url('identity')}/child-links/{me['user_id']}/{child}"
        async with system.http() as http:
            assert (await http.delete(link, headers=operator)).status_code == 204
        mine = (await system.get("identity", "/me", parent)).json()["children"]
        assert child not in [one["id"] for one in mine]
        for service, path in doors:

            async def closed(service: str = service, path: str = path) -> bool:
                return (await system.get(service, path, parent)).status_code == 404

            await eventually(closed, within_s=WITHIN_S, why=f"{path} is open")
        await asyncio.wait_for(open_page, WITHIN_S)
    finally:
        open_page.cancel()
        with suppress(asyncio.CancelledError, httpx.HTTPError):
            await open_page
    for service, path in (
        ("certificates", f"/children/{child}/certificate-requests"),
        ("documents", f"/certificates/{certificate}/credentials/rotation"),
    ):
        assert (await system.post(service, path, parent)).status_code == 404, path
