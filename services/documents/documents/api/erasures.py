"""HTTP IN: the act of an erasure, for an operator.

What was destroyed, and who may know of it, is identity's to say: it is asked with the operator's
own token. Here it becomes a document, as every document does.
"""

from typing import Annotated, Final
from uuid import UUID

import httpx
import structlog
from chassis import retention
from chassis.auth import only
from chassis.openapi import answers
from chassis.problems import Problem, not_found
from chassis.tokens import Principal
from contracts.values import Role
from fastapi import APIRouter, Request, Response

from documents.api.doors import TheDoors, attachment
from documents.on_demand import act, act_text
from documents.on_demand.act_text import Erasure, KeptDays
from documents.retention import ROTATIONS

log = structlog.get_logger()
router = APIRouter(tags=["erasures"])
PDF: Final = "application/pdf"


@router.get(
    "/erasures/{erasure_id}/act.pdf",
    response_class=Response,
    responses={200: {"content": {PDF: {}}}, **answers(409)},
)
async def download_act(
    erasure_id: UUID,
    _who: Annotated[Principal, only(Role.operator)],
    http: Request,
    doors: TheDoors,
) -> Response:
    """What was destroyed of a person, where, when, how and by whose order; ids, no names.

    For an operator, once every service has confirmed. The same erasure gives the same act.
    """
    settings = http.app.state.settings
    erasure = await _asked(doors.identity(), erasure_id, http.headers["authorization"])
    if erasure.state != "done":
        raise Problem(
            409,
            "erasure_not_done",
            "Удаление ещё не закончено",
            "Не все сервисы подтвердили уничтожение данных. Повторите через минуту.",
            headers={"Retry-After": "5"},
        )
    days = KeptDays(
        inbox=settings.inbox_kept_days,
        outbox_sent=retention.SENT_KEPT.days + 1,
        refusals=retention.YEARS_3.days,
        journal=retention.JOURNAL.kept.days,
        acts=retention.YEARS_3.days,
        rotations=ROTATIONS.kept.days,
        backups=settings.backups_kept_days,
    )
    operator = act.Operator(
        name=settings.operator_name,
        address=settings.operator_address,
        processor=settings.processor,
    )
    values = act_text.act_of(erasure, days, operator, doors.zone)
    pdf = await doors.workshop.drawn(act.render_act, values)
    return attachment(pdf, PDF, f"act-{erasure_id}.pdf")


async def _asked(identity: httpx.AsyncClient, erasure_id: UUID, token: str) -> Erasure:
    try:
        async with identity as client:
            answer = await client.get(f"/erasures/{erasure_id}", headers={"Authorization": token})
    except httpx.HTTPError as error:
        log.warning("identity_not_asked", error=type(error).__name__)
        raise _away() from None
    if answer.status_code in {401, 404}:
        raise not_found()
    if answer.status_code != 200:  # noqa: PLR2004
        raise _away()
    return Erasure.model_validate_json(answer.content)


def _away() -> Problem:
    return Problem(
        503,
        "identity_away",
        "Сервис входа не отвечает",
        "Повторите через минуту.",
        headers={"Retry-After": "5"},
    )
