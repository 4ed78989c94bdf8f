"""HTTP doors: a request id, a trace, a time, a body limit; errors are `problems`.

No cache keeps an answer that does not say so itself.
"""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from contracts import traceparent_in
from fastapi import APIRouter, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import clock, openapi, tracing
from chassis.metrics import HTTP_SECONDS
from chassis.problems import answer_with_problems, as_response, too_large

BODY_BYTES_MAX = 1_000_000


@dataclass(slots=True)
class _Body:
    """How large a request's body may be, and how much of it came."""

    bytes_max: int
    told: int
    received: int = 0

    def expect_room(self) -> None:
        if max(self.told, self.received) > self.bytes_max:
            raise HTTPException(413)


def accepts(bytes_max: int) -> Callable[[Request], Awaitable[None]]:
    """A dependency: the body of this route, read as a stream, may be larger than others'."""

    async def accept(request: Request) -> None:
        request.scope["body"].bytes_max = bytes_max

    return accept


def _counted(receive: Receive, body: _Body) -> Receive:
    """Looks when the body is read: then the route has said its limit, and one may lie about it."""

    async def counted() -> Message:
        body.expect_room()
        message = await receive()
        body.received += len(message.get("body", b""))
        body.expect_room()
        return message

    return counted


class _Door:
    """Request id, trace, time, size limit; raw ASGI because it stands before every request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        scope["request_id"] = request_id = str(clock.new_id())
        started, status = time.perf_counter(), 500
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            await as_response(too_large(BODY_BYTES_MAX))(scope, receive, send)
            return
        scope["body"] = body = _Body(BODY_BYTES_MAX, int(length))

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = dict(message["headers"])
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    *([] if b"cache-control" in told else [(b"cache-control", b"no-store")]),
                ]
            await send(message)

        parent = traceparent_in(headers.get(b"traceparent", b"").decode("ascii", "replace"))
        with tracing.serving(scope["method"], parent) as traceparent:
            scope["traceparent"] = traceparent
            try:
                await self.app(scope, _counted(receive, body), answer)
            finally:
                route = getattr(scope.get("route"), "path", "none")
                took = time.perf_counter() - started
                HTTP_SECONDS.labels(scope["method"], route, status).observe(took)


class _App(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = openapi.completed(super().openapi())
        return self.openapi_schema


def flat(routers: Iterable[APIRouter]) -> APIRouter:
    """One router with the routes of these, in this order.

    `include_router` would match a call at each level anew: two levels cost more than all the rest
    of a quick call (ADR 25).
    """
    one = APIRouter()
    for router in routers:
        one.routes.extend(router.routes)
    return one


def make_app(title: str, lifespan: Any, *routers: APIRouter) -> FastAPI:
    """A FastAPI application with our doors: /openapi.json, no interactive pages from outside.

    FastAPI's own spans would repeat addresses and what was searched for: `tracing` has ours.
    """
    app = _App(
        title=title, version="1", docs_url=None, redoc_url=None, lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )  # fmt: skip
    app.router.routes.extend(flat(routers).routes)
    answer_with_problems(app)
    app.add_middleware(_Door)
    return app
