"""What every answer carries, whatever its route says."""

import pytest
from chassis.web import make_app
from fastapi import Response
from httpx import ASGITransport, AsyncClient


@pytest.fixture
async def http():
    app = make_app("test", None)

    @app.get("/silent")
    async def silent() -> str:
        return ""

    @app.get("/keys")
    async def keys(response: Response) -> str:
        response.headers["Cache-Control"] = "public, max-age=60"
        return ""

    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as http:
        yield http


@pytest.mark.parametrize(
    ("path", "kept"),
    [("/silent", "no-store"), ("/nothing", "no-store"), ("/keys", "public, max-age=60")],
)
async def test_no_cache_keeps_an_answer_unless_its_route_says_so(http, path, kept):
    answer = await http.get(path)
    assert answer.headers.get_list("cache-control") == [kept]


@pytest.mark.parametrize("path", ["/silent", "/nothing"])
async def test_no_browser_guesses_what_an_answer_is(http, path):
    answer = await http.get(path)
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert len(answer.headers.get_list("x-request-id")) == 1
