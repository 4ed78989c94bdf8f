"""HTTP IN for anybody: whether a certificate is valid, by the token in its QR code."""

from datetime import date
from typing import Annotated

from chassis import clock
from chassis.doors import TheStore
from chassis.openapi import answers
from chassis.problems import not_found
from chassis.throttle import expect_seldom
from contracts.ids import certificate_of_token
from contracts.values import CertificateStatus
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from certificates import desk_store
from certificates.api.common import TheDoors, TheMoment

router = APIRouter(tags=["public"])


class Verified(BaseModel):
    """`valid`: it is active, and today is within its dates. Nothing personal."""

    valid: bool
    status: CertificateStatus
    valid_from: date
    valid_until: date


@router.get("/verify/{token}", responses=answers(429))
async def verify_certificate(
    token: Annotated[str, Path(max_length=64)],
    store_: TheStore,
    doors: TheDoors,
    at: TheMoment,
    http: Request,
    response: Response,
) -> Verified:
    """What the QR code of a certificate leads to. Throttled by address."""
    address = http.client.host if http.client else ""
    expect_seldom(doors.throttle, address, at)
    try:
        certificate_id = certificate_of_token(token)
    except ValueError:
        raise not_found() from None
    async with store_.pool.acquire() as tx:
        row = await desk_store.by_token(tx, certificate_id)
    if row is None:
        raise not_found()
    today = clock.day_in(doors.region.zone, at)
    active = row["status"] == CertificateStatus.active
    response.headers["Cache-Control"] = "no-store"
    return Verified(
        valid=active and row["valid_from"] <= today <= row["valid_until"],
        status=row["status"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
    )
