"""HTTP IN: somebody presses «Получить сертификат», and later asks what became of it."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from chassis.auth import SignedIn
from chassis.doors import IdempotencyKey, TheStore, key_of, shared
from chassis.openapi import answers
from chassis.outbox import Store
from chassis.problems import Problem, not_found
from chassis.throttle import expect_seldom
from contracts.ids import derived
from contracts.values import RefusalCode
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from certificates import presses, store
from certificates.api.common import Doors, TheDoors
from certificates.presses import Press
from certificates.reasons import Reason, explain

router = APIRouter(tags=["family"])


class Accepted(BaseModel):
    request_id: UUID


class RequestState(BaseModel):
    status: Literal["pending", "issued", "refused"]
    certificate_id: UUID | None
    reasons: list[Reason]


async def _write_down(
    store_: Store, doors: Doors, pressed: Sequence[Press]
) -> list[Problem | None]:
    return await presses.write_down(store_, doors.region, doors.consent, pressed)


_press = shared(_write_down)


@router.post(
    "/children/{child_id}/certificate-requests", status_code=202, responses=answers(409, 429)
)
async def request_certificate(
    child_id: UUID,
    who: SignedIn,
    doors: TheDoors,
    http: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Accepted:
    """Accept the request; the decision follows as an event. The same key gives the same request.

    A parent must have given consent before (`POST /children/{child_id}/consents`): who has not is
    told why there can be no certificate (`not_eligible`, with the page's reasons), or else is shown
    the text (`consent_needed`). At most 60 times a minute by one person for one child.
    """
    at = doors.now()
    expect_seldom(doors.pressed, f"{who.user_id}:{child_id}", at)
    request_id = derived(key_of(who.user_id, idempotency_key), "certificate-request")
    scope = http.scope
    press = Press(who.user_id, child_id, request_id, at, scope["request_id"],
                  scope.get("traceparent"))  # fmt: skip
    await _press(http, press)
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
