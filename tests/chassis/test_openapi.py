"""What OpenAPI says of a route's errors and tokens follows from the route."""

from typing import Annotated

import pytest
from chassis.auth import SignedIn, only
from chassis.openapi import answers
from chassis.tokens import Principal
from chassis.web import make_app
from fastapi import Body


@pytest.fixture(scope="module")
def said():
    app = make_app("test", None)

    @app.get("/plain")
    async def plain() -> str:
        return ""

    @app.get("/things/{thing}")
    async def thing(thing: int, who: SignedIn) -> int:
        return thing

    @app.post("/things", responses=answers(409))
    async def make(thing: Annotated[int, Body()], who: Annotated[Principal, only("maker")]) -> int:
        return thing

    return app.openapi()


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("get", "/plain", "200 500 503"),
        ("get", "/things/{thing}", "200 401 403 404 422 500 503"),
        ("post", "/things", "200 400 401 403 404 409 413 422 500 503"),
    ],
)
def test_a_route_says_the_problems_that_follow_from_what_it_takes(said, method, path, statuses):
    assert list(said["paths"][path][method]["responses"]) == statuses.split()


def test_each_problem_is_problem_json_and_is_described_once(said):
    answer = said["paths"]["/things"]["post"]["responses"]["409"]
    name = answer["$ref"].removeprefix("#/components/responses/")
    assert list(said["components"]["responses"][name]["content"]) == ["application/problem+json"]
    assert not {"HTTPValidationError", "ValidationError"} & set(said["components"]["schemas"])


@pytest.mark.parametrize(
    ("method", "path", "security"),
    [
        ("get", "/plain", None),
        ("get", "/things/{thing}", [{"token": []}]),
        ("post", "/things", [{"token": ["maker"]}]),
    ],
)
def test_a_route_says_whether_it_needs_a_token_and_of_whom(said, method, path, security):
    assert said["paths"][path][method].get("security") == security
    assert said["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
