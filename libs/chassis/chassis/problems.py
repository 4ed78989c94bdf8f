"""Problems: every error over HTTP is problem+json (RFC 9457), in words, with no traceback."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from chassis import field_errors
from chassis.database import DATABASE_ERRORS, describe, is_transient

log = structlog.get_logger()


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


def reason_needed(how: str) -> Problem:
    """For staff who ask for a child of others without saying why."""
    return Problem(422, "reason_needed", "Этот ребёнок не из вашей организации", how)


def not_found() -> Problem:
    """What is not there and what is not yours look the same."""
    return Problem(404, "not_found", "Не найдено", "Проверьте адрес и под кем вы вошли.")


def key_reused() -> Problem:
    """An Idempotency-Key that came with something else before."""
    return Problem(
        409,
        "idempotency_key_reused",
        "Ключ Idempotency-Key уже использован для другого запроса",
        "Пришлите новый ключ.",
    )


def too_large(bytes_max: int) -> Problem:
    return Problem(413, "too_large", "Слишком большой запрос", f"Не больше {bytes_max} байт.")


def as_response(problem: Problem) -> JSONResponse:
    return JSONResponse(
        problem.body,
        problem.status,
        {"Cache-Control": "no-store", **problem.headers},
        "application/problem+json",
    )


async def _on_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return as_response(error)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 413:  # noqa: PLR2004
        return as_response(too_large(request.scope["body"].bytes_max))
    if error.status_code == 404:  # noqa: PLR2004
        return as_response(not_found())
    headers = dict(error.headers or {})
    if error.status_code == 405:  # noqa: PLR2004
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return as_response(
        Problem(error.status_code, *_HTTP.get(error.status_code, _REST), headers=headers)
    )


def _methods_at(request: Request) -> set[str]:
    """What this address takes; the router knows only of the first function there."""
    return {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.path_regex.match(request.url.path)
        for method in route.methods or ()
    }


async def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [_error(one) for one in error.errors()]
    detail = "Проверьте поля, перечисленные в errors."
    return as_response(Problem(422, "invalid_request", "Запрос не понят", detail, errors=errors))


def _error(one: Mapping[str, Any]) -> dict[str, str]:
    """Of a field as pydantic tells it; where a body is no JSON, the place ends with where in it."""
    place, bounds = one["loc"], one.get("ctx", {})
    if one["type"] == "json_invalid":
        place, bounds = place[:-1], {"at": place[-1]}
    return {
        "place": ".".join(str(part) for part in place),
        "problem": one["type"],
        "message": field_errors.in_words(one["type"], bounds),
    }


async def _on_failure(request: Request, error: Exception) -> JSONResponse:
    if is_transient(error):
        log.warning("unavailable", error=describe(error))
        return as_response(
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
    return as_response(Problem(500, "internal_error", "Внутренняя ошибка", detail))


def answer_with_problems(app: FastAPI) -> None:
    """Whatever is raised by a route of `app` becomes a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    for kind in (*DATABASE_ERRORS, TimeoutError):
        app.add_exception_handler(kind, _on_failure)
    app.add_exception_handler(Exception, _on_failure)
