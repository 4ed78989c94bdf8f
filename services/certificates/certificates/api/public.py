"""HTTP IN for anybody: whether a certificate is valid, by the token in its QR code."""

from datetime import date
from typing import Annotated, Any, Final

from chassis import clock
from chassis.addresses import network_of
from chassis.doors import TheStore
from chassis.openapi import PAGE
from chassis.outbox import Store
from chassis.problems import Problem, not_found
from chassis.throttle import expect_seldom
from contracts.ids import certificate_of_token
from contracts.values import CertificateStatus
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from certificates import desk_store, verify_page
from certificates.api.common import TheDoors, TheMoment

router = APIRouter(tags=["public"])
_SAID: Final = {
    404: ("Сертификат не найден", "Отсканируйте QR-код на сертификате ещё раз, целиком."),
    429: ("Слишком много запросов", "Подождите минуту и обновите страницу."),
}


class Verified(BaseModel):
    """`valid`: it is active, and today is within its dates. Nothing personal."""

    valid: bool
    status: CertificateStatus
    valid_from: date
    valid_until: date


_HTML: Final[dict[str, Any]] = {"content": {PAGE: {}}}


@router.get(
    "/verify/{token}", response_model=Verified, responses={200: _HTML, 404: _HTML, 429: _HTML}
)
async def verify_certificate(
    token: Annotated[str, Path(max_length=64)],
    store_: TheStore,
    doors: TheDoors,
    at: TheMoment,
    http: Request,
    response: Response,
) -> Verified | HTMLResponse:
    """What the QR code of a certificate leads to. Throttled by address.

    Whoever rather takes HTML than JSON, as a browser does, gets a page for people.
    """
    html = verify_page.is_preferred(http.headers.get("accept", ""))
    today = clock.day_in(doors.region.zone, at)
    address = network_of(http.client.host if http.client else "")
    try:
        expect_seldom(doors.throttle, address, at)
        found, number_end = await _verified(store_, token, today)
    except Problem as problem:
        if not html:
            raise
        page = verify_page.of_problem(*_SAID[problem.status])
        return HTMLResponse(page, problem.status, {**verify_page.HEADERS, **problem.headers})
    if html:
        page = verify_page.of_certificate(
            found.status, found.valid_from, found.valid_until, today,
            number_end=number_end, valid=found.valid,
        )  # fmt: skip
        return HTMLResponse(page, headers=verify_page.HEADERS)
    response.headers["Cache-Control"], response.headers["Vary"] = "no-store", "Accept"
    return found


@router.get("/verify", status_code=404, response_class=HTMLResponse)
@router.get("/verify/", status_code=404, response_class=HTMLResponse)
async def verify_nothing(http: Request) -> HTMLResponse:
    """The address without a token, as somebody types it: the same as of an unknown one."""
    if not verify_page.is_preferred(http.headers.get("accept", "")):
        raise not_found()
    return HTMLResponse(verify_page.of_problem(*_SAID[404]), 404, verify_page.HEADERS)


async def _verified(store_: Store, token: str, today: date) -> tuple[Verified, str]:
    """With the last digits of the number."""
    try:
        certificate_id = certificate_of_token(token)
    except ValueError:
        raise not_found() from None
    async with store_.pool.acquire() as tx:
        row = await desk_store.by_token(tx, certificate_id)
    if row is None:
        raise not_found()
    active = row["status"] == CertificateStatus.active
    verified = Verified(
        valid=active and row["valid_from"] <= today <= row["valid_until"],
        status=row["status"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
    )
    return verified, row["number"][-4:]
