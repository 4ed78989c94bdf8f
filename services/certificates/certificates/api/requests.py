"""HTTP IN: somebody presses «Получить сертификат», and later asks what became of it."""

from typing import Literal
from uuid import UUID

from chassis.auth import SignedIn
from chassis.doors import IdempotencyKey, TheStore, key_of
from chassis.openapi import answers
from chassis.problems import not_found
from contracts.ids import derived
from contracts.values import RefusalCode
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from certificates import store
from certificates.api.common import TheDoors, TheMoment
from certificates.presses import Press
from certificates.reasons import Reason, explain

router = APIRouter(tags=["family"])


class Accepted(BaseModel):
    request_id: UUID


class RequestState(BaseModel):
    status: Literal["pending", "issued", "refused"]
    certificate_id: UUID | None
    reasons: list[Reason]


@router.post("/children/{child_id}/certificate-requests", status_code=202, responses=answers(409))
async def request_certificate(
    child_id: UUID,
    who: SignedIn,
    at: TheMoment,
    doors: TheDoors,
    http: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Accepted:
    """Accept the request; the decision follows as an event. The same key gives the same request.

    A parent must have given consent before (`POST /children/{child_id}/consents`).
    """
    request_id = derived(key_of(who.user_id, idempotency_key), "certificate-request")
    scope = http.scope
    press = Press(who.user_id, child_id, request_id, at, scope["request_id"],
                  scope.get("traceparent"))  # fmt: skip
    await doors.presses(press)
    response.headers["Location"] = f"/certificate-requests/{request_id}"
    return Accepted(request_id=request_id)


@router.get("/certificate-requests/{request_id}")
async def show_request(request_id: UUID, who: SignedIn, store_: TheStore) -> RequestState:
    """What became of a request: for who may ask for the child."""
    async with store_.pool.acquire() as tx:
        row = await store.get_request(tx, request_id)
        if row is None or await store.as_whom(tx, [(who.user_id, row["child_id"])]) == [None]:
            raise not_found()
    return RequestState(
        status=row["status"],
        certificate_id=row["certificate_id"],
        reasons=explain([RefusalCode(code) for code in row["codes"]]),
    )
