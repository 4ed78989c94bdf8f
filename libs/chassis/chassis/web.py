"""HTTP doors: problem+json for every error, a request id, a body limit, no traceback for anyone."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from contracts import traceparent_in
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import clock, tracing
from chassis.database import DATABASE_ERRORS, describe, is_transient
from chassis.metrics import HTTP_SECONDS

log = structlog.get_logger()
BODY_BYTES_MAX = 1_000_000
PROBLEM = {"description": "Problem (RFC 9457)", "content": {"application/problem+json": {}}}


class Problem(Exception):
    """An answer that is an error: a stable code, a sentence for people, what to do."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"type": "about:blank", "status": status, "code": code, "title": title}
        self.body |= {"detail": detail} if detail else {}
        self.body |= extra


_HTTP = {
    400: ("invalid_request", "Запрос не понят", "Тело запроса не читается: проверьте его формат."),
    405: (
        "method_not_allowed",
        "По этому адресу так обратиться нельзя",
        "Разрешённые методы — в заголовке Allow.",
    ),
}
_REST = ("http_error", "Запрос не выполнен", "Проверьте запрос и повторите.")


def not_found() -> Problem:
    """What is not there and what is not yours look the same."""
    return Problem(404, "not_found", "Не найдено", "Проверьте адрес и под кем вы вошли.")


def _answer(problem: Problem) -> JSONResponse:
    return JSONResponse(
        problem.body,
        problem.status,
        {"Cache-Control": "no-store", **problem.headers},
        "application/problem+json",
    )


async def _on_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return _answer(error)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 413:  # noqa: PLR2004
        return _answer(_too_large(request.scope["body"].bytes_max))
    if error.status_code == 404:  # noqa: PLR2004
        return _answer(not_found())
    headers = dict(error.headers or {})
    return _answer(
        Problem(error.status_code, *_HTTP.get(error.status_code, _REST), headers=headers)
    )


async def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"place": ".".join(str(part) for part in one["loc"]), "problem": one["type"]}
        for one in error.errors()
    ]
    detail = "Проверьте поля, перечисленные в errors."
    return _answer(Problem(422, "invalid_request", "Запрос не понят", detail, errors=errors))


async def _on_failure(request: Request, error: Exception) -> JSONResponse:
    if is_transient(error):
        log.warning("unavailable", error=describe(error))
        return _answer(
            Problem(
                503,
                "unavailable",
                "Сервис временно недоступен",
                "Ничего не потеряно. Повторите через несколько секунд.",
                headers={"Retry-After": "5"},
            )
        )
    request_id = request.scope.get("request_id", "")
    log.error("request_failed", error=describe(error), request_id=request_id)
    detail = f"Мы уже знаем об ошибке. Её номер: {request_id}"
    return _answer(Problem(500, "internal_error", "Внутренняя ошибка", detail))


@dataclass(slots=True)
class _Body:
    """How large a request's body may be, and how much of it came."""

    bytes_max: int
    told: int
    received: int = 0

    def expect_room(self) -> None:
        if max(self.told, self.received) > self.bytes_max:
            raise HTTPException(413)


def accepts(bytes_max: int) -> Callable[[Request], None]:
    """A dependency: the body of this route, read as a stream, may be larger than others'."""

    def accept(request: Request) -> None:
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


def _too_large(bytes_max: int) -> Problem:
    return Problem(413, "too_large", "Слишком большой запрос", f"Не больше {bytes_max} байт.")


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
            await _answer(_too_large(BODY_BYTES_MAX))(scope, receive, send)
            return
        scope["body"] = body = _Body(BODY_BYTES_MAX, int(length))

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
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


def make_app(title: str, lifespan: Any) -> FastAPI:
    """A FastAPI application with our doors: /openapi.json, no interactive pages from outside.

    FastAPI's own spans would repeat addresses and what was searched for: `tracing` has ours.
    """
    app = FastAPI(
        title=title, version="1", docs_url=None, redoc_url=None, lifespan=lifespan,
        responses={"4XX": PROBLEM, "5XX": PROBLEM},
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )  # fmt: skip
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    for kind in (*DATABASE_ERRORS, TimeoutError):
        app.add_exception_handler(kind, _on_failure)
    app.add_exception_handler(Exception, _on_failure)
    app.add_middleware(_Door)
    return app
