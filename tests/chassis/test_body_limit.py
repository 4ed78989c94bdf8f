"""A body ends at its limit, told by its length or counted as it comes."""

import pytest
from chassis.web import BODY_BYTES_MAX, accepts, make_app
from fastapi import Depends, Request
from httpx import ASGITransport, AsyncClient

from tests.doors import problem

LARGE = BODY_BYTES_MAX * 3


@pytest.fixture
async def http():
    app = make_app("test", None)

    async def swallow(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    app.post("/plain")(swallow)

    @app.post("/large", dependencies=[Depends(accepts(LARGE))])
    async def large(request: Request) -> int:
        return await swallow(request)

    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        yield client


async def without_length(bytes_max: int):
    for _ in range(bytes_max // 1000):
        yield b"x" * 1000


@pytest.mark.parametrize(("path", "bytes_max"), [("/plain", BODY_BYTES_MAX), ("/large", LARGE)])
async def test_a_body_larger_than_its_route_takes_is_refused(http, path, bytes_max):
    assert (await http.post(path, content=without_length(bytes_max))).json() == bytes_max
    told = await http.post(path, content=b"x" * (bytes_max + 1))
    counted = await http.post(path, content=without_length(bytes_max + 1000))
    for answer in (told, counted):
        assert str(bytes_max) in problem(answer, 413, "too_large")["detail"]
