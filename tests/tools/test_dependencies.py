"""What routes depend on is asked in the event loop: FastAPI runs a plain function in a thread."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from tools.docs import ROUTERS


def calls(dependant: Any) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)


def routes(router: Any) -> Iterator[APIRoute]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from routes(route.original_router)


def is_coroutine(call: Any) -> bool:
    """Of a function, or of an object that is called."""
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(call.__call__)


@pytest.mark.parametrize("service", ROUTERS)
def test_no_route_waits_for_a_thread(service):
    found = list(routes(ROUTERS[service]))
    assert found
    asked = {call for route in found for call in calls(route.dependant)}
    assert [call for call in asked if not is_coroutine(call)] == []
